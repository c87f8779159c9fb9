// The field for new tasks: sent with Enter, kept until it went through.

// One line is sent with Enter, a pasted list with the button or Ctrl+Enter.
document.addEventListener('keydown', (event) => {
  const field = event.target.closest?.('[data-submits]');
  if (!field || event.key !== 'Enter' || event.shiftKey) return;
  if (field.value.includes('\n') && !event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  field.form.requestSubmit();
});
document.addEventListener('htmx:after:request', ({ target, detail: { ctx } }) => {
  if (target.matches?.('[data-clears]') && ctx.response.status < 400) target.reset();
});
