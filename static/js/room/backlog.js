// The backlog: tasks dragged by the handle or moved with the arrow keys.
import { onChange } from './page.js';

const list = () => document.querySelector('#backlog ol');
const row = (element) => element.closest?.('#backlog li[id]');
let dragged = null;

// Before or after another row: what place that is in a long list, only the server knows.
const move = (item, side, neighbour) =>
  htmx.ajax('POST', item.querySelector('[data-move]').dataset.move, {
    source: item,
    swap: 'none',
    values: { [side]: neighbour.id.replace('task-', '') },
  });

document.addEventListener('dragstart', (event) => {
  if (!event.target.closest?.('[data-move]')) return;
  dragged = row(event.target);
  dragged.dataset.dragging = '';
  // WebKit ends a drag that carries nothing.
  event.dataTransfer.setData('text/plain', dragged.querySelector('a').textContent);
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setDragImage(dragged, 10, 10);
});
document.addEventListener('dragover', (event) => {
  const over = dragged && row(event.target);
  if (!over) return;
  event.preventDefault();
  const { top, height } = over.getBoundingClientRect();
  unmark();
  over.dataset.drop = event.clientY < top + height / 2 ? 'before' : 'after';
});
document.addEventListener('drop', (event) => {
  const over = dragged && row(event.target);
  if (!over || over === dragged) return;
  event.preventDefault();
  move(dragged, over.dataset.drop, over);
});
document.addEventListener('dragend', () => {
  dragged?.removeAttribute('data-dragging');
  dragged = null;
  unmark();
});
const unmark = () => {
  for (const each of list()?.querySelectorAll('[data-drop]') ?? []) each.removeAttribute('data-drop');
};

// One step after another: where the next one leads is known when the one before is on the page.
let moving = Promise.resolve();
document.addEventListener('keydown', (event) => {
  const handle = event.target.closest?.('[data-move]');
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!handle || !by) return;
  event.preventDefault();
  const { id } = row(handle);
  moving = moving.then(() => step(id, by));
});
async function step(id, by) {
  const item = document.getElementById(id);
  if (!item) return;
  const neighbour = by < 0 ? item.previousElementSibling : item.nextElementSibling;
  if (neighbour?.id) await move(item, by < 0 ? 'before' : 'after', neighbour);
  document.querySelector(`#${id} [data-move]`)?.focus();
}

// A long list scrolls by itself: the task on the table stays in its sight.
onChange('backlog', () => {
  const current = list()?.querySelector('[aria-current]');
  if (current) list().scrollTop = current.offsetTop - list().offsetTop - list().clientHeight / 3;
});
// Who brought a task to the table, from far down a list, wants to see the table.
document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
  if (ctx.request.action.endsWith('/turn') && ctx.response.status < 400) scrollTo({ top: 0 });
});
