// Sheets and menus: opened when their content has come, closed when their form has gone through, emptied when they are
// closed in whatever way; copying; notices.
import { clear, fadeAfter } from './notices.js';
import { onChange } from './page.js';

const isOpen = (popover) => popover?.matches(':popover-open');

// What was asked for, or a form that was refused after its sheet was closed.
document.addEventListener('htmx:after:settle', ({ target }) => {
  const sheet = target.id === 'sheet-body' && target.parentElement;
  if (sheet && !isOpen(sheet)) sheet.showPopover();
});
// What was typed and not saved goes with the sheet, so that the next one never begins with it.
document.addEventListener(
  'toggle',
  ({ target }) => {
    if (isOpen(target)) return;
    target.querySelector('[data-emptied]')?.replaceChildren();
    // The menu that a dialog was opened from is done with too: on a phone it would lie over the table again.
    if (!target.matches('.menu')) document.querySelector('.menu:popover-open')?.hidePopover();
  },
  true,
);
document.addEventListener('htmx:after:request', ({ target, detail: { ctx } }) => {
  if (ctx.response.status >= 400 || ctx.request.method === 'GET') return;
  if (document.querySelector('#notice [data-kind="refusal"]')) clear();
  const sheet = document.getElementById(target.dataset?.closes ?? '') ?? target.closest?.('.menu');
  if (isOpen(sheet)) sheet.hidePopover();
});
// A menu's buttons that belong to forms elsewhere.
document.addEventListener('click', ({ target }) => {
  const menu = target.closest?.('.menu button[form]')?.closest('.menu');
  if (menu) menu.hidePopover();
  if (target.closest?.('[data-dismiss]')) clear();
});
document.addEventListener('click', async ({ target }) => {
  const button = target.closest?.('[data-copy]');
  if (!button) return;
  const words = button.querySelector('span') ?? button;
  await copy(button.dataset.copy);
  // Pressed again meanwhile, it says so already.
  if (words.textContent === 'Copied') return;
  const before = words.textContent;
  words.textContent = 'Copied';
  setTimeout(() => (words.textContent = before), 2_000);
});
// Only a page with TLS, or of this machine, has a clipboard; on a team's own network the old way works.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement('textarea'), { value: text });
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}
onChange('notice', ({ dataset }) => fadeAfter(Number(dataset.fades)));
