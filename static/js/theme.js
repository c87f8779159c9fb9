// Light, dark, or as the system says. A cookie, so that the server paints the first page right.
for (const fieldset of document.querySelectorAll('[data-theme-switch]')) {
  fieldset.addEventListener('change', ({ target: { value } }) => {
    const chosen = value !== 'system';
    // biome-ignore lint/suspicious/noDocumentCookie: Safari and Firefox know no Cookie Store for a page's own cookie
    document.cookie = `theme=${value}; path=/; max-age=${chosen ? 31536000 : 0}; samesite=lax`;
    if (chosen) document.documentElement.dataset.theme = value;
    else document.documentElement.removeAttribute('data-theme');
    for (const meta of document.querySelectorAll('[data-theme-of]')) {
      const { themeOf } = meta.dataset;
      meta.media = chosen ? (themeOf === value ? 'all' : 'not all') : `(prefers-color-scheme: ${themeOf})`;
    }
  });
}
