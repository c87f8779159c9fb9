// A button that prints: hidden where there are no scripts. On paper everything that folds is open.
const folded = () => document.querySelectorAll('details:not([open])');
let opened = [];

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}
addEventListener('beforeprint', () => {
  opened = [...folded()];
  for (const each of opened) each.open = true;
});
addEventListener('afterprint', () => {
  for (const each of opened) each.open = false;
  opened = [];
});
