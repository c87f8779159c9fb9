// A button that copies a field, and says so for a moment.
import './theme.js';

for (const button of document.querySelectorAll('[data-copy]')) {
  const field = document.getElementById(button.dataset.copy);
  const label = button.querySelector('span');
  const said = label.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    label.textContent = 'Copied';
    setTimeout(() => (label.textContent = said), 2000);
  });
}
