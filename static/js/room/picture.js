// A picture beside a task, large: by click or Enter, with the others of the same list by arrow keys.
const dialog = document.getElementById('picture');
const [image, words, save] = ['img', 'p', 'a'].map((each) => dialog.querySelector(each));
let shown = [];
let at = 0;

function show(step = 0) {
  at = (at + step + shown.length) % shown.length;
  const { href, dataset, firstElementChild } = shown[at];
  image.width = firstElementChild.getAttribute('width');
  image.height = firstElementChild.getAttribute('height');
  image.src = save.href = href;
  image.alt = firstElementChild.alt;
  words.textContent = shown.length > 1 ? `${at + 1} of ${shown.length}: ${dataset.caption}` : dataset.caption;
  for (const button of dialog.querySelectorAll('[data-step]')) button.hidden = shown.length < 2;
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('[data-picture]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  shown = [...link.closest('ul').querySelectorAll('[data-picture]')];
  at = shown.indexOf(link);
  show();
  // A modal dialog closes every popover that it does not lie in, and what is typed in a sheet is lost with it.
  (link.closest('[popover]') ?? document.body).append(dialog);
  dialog.showModal();
});
dialog.addEventListener('click', ({ target }) => {
  const step = target.closest('[data-step]');
  if (step) show(Number(step.dataset.step));
  else if (target === dialog || target.closest('[data-close]')) dialog.close();
});
dialog.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step && shown.length > 1) show(step);
  // Single keys are for the table, which lies under it.
  if (event.key !== 'Escape') event.stopPropagation();
});
dialog.addEventListener('close', () => image.removeAttribute('src'));
