// A long backlog's changes come as the rows that changed. Here they become the whole list that this page shows, which
// then is swapped in like any other.

import { refreshWholeBacklog } from './regions.js';

const versionOf = (element) => Number(element.dataset.version);

// The list as shown with what changed; null where that cannot be told from what is shown.
function withChanges(shown, changes) {
  if (!shown?.querySelector('ol') || versionOf(shown) < Number(changes.dataset.since)) return null;
  const whole = shown.cloneNode(true);
  whole.dataset.version = changes.dataset.version;
  whole.querySelector('.side__head').replaceWith(changes.querySelector('.side__head'));
  const list = whole.querySelector('ol');
  const at = (id) => list.querySelector(`:scope > #task-${id}`);
  for (const row of changes.querySelectorAll('ol > li')) {
    list.querySelector(`:scope > #${row.id}`)?.remove();
    if ('gone' in row.dataset) continue;
    const { after } = row.dataset;
    if (after && at(after)) at(after).after(row);
    else if (!after && !list.querySelector('[data-more="before"]')) list.prepend(row);
    // Any other row is in a part of the list that is not loaded. The one on the table has to be seen.
    else if (row.hasAttribute('aria-current')) return null;
  }
  return whole;
}

document.addEventListener('htmx:before:swap', ({ detail: { tasks } }) => {
  for (const task of tasks) {
    const changes = task.fragment.querySelector?.('#backlog[data-since]');
    if (!changes) continue;
    const shown = document.getElementById('backlog');
    const newer = versionOf(changes) > versionOf(shown);
    const list = newer && withChanges(shown, changes);
    if (list) changes.replaceWith(list);
    task.swapSpec = { ...task.swapSpec, style: list ? 'outerMorph' : 'none' };
    if (newer && !list) refreshWholeBacklog();
  }
});

// What is loaded of a long list may overlap what was moved there meanwhile: the newer rows stay.
document.addEventListener('htmx:before:swap', ({ detail: { ctx, tasks } }) => {
  const more = ctx.sourceElement?.closest?.('[data-more]');
  if (!more) return;
  const list = more.parentElement;
  for (const { id } of tasks.flatMap(({ fragment }) => [...fragment.querySelectorAll('li[id]')])) {
    list.querySelector(`:scope > #${id}`)?.remove();
  }
  // Rows above those in sight must not push them away.
  const below = list.scrollHeight - list.scrollTop;
  if (more.dataset.more !== 'before') return;
  requestAnimationFrame(() => (list.scrollTop = list.scrollHeight - below));
});
// Where the list that is shown ends is known when the rest is asked for.
document.addEventListener('htmx:config:request', ({ detail: { ctx } }) => {
  const more = ctx.sourceElement?.closest?.('[data-more]');
  if (!more) return;
  const side = more.dataset.more;
  const edge = side === 'before' ? more.nextElementSibling : more.previousElementSibling;
  const id = edge?.id.replace('task-', '');
  if (id) ctx.request.action = `${more.querySelector('a').getAttribute('href')}?${side}=${id}`;
});
