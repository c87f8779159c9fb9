// Regions and their versions: what is not newer than what is shown is dropped, whichever way it came.
import { headers as frame } from '../frame-token.js';
import { checkMember } from './member.js';
import { here, room, table } from './page.js';

const version = (element) => Number(element?.dataset?.version ?? NaN);

// Asked for each node at the moment of the morph, so that a change that waited for a transition is judged then.
htmx.registerExtension('versions', {
  htmx_before_morph_node: (_element, { oldNode, newNode }) => !(version(newNode) <= version(oldNode)),
});

// The reveal is the one change that moves: all that changes with it moves in the same view transition. Nothing moves where
// nobody looks: Firefox refuses a transition in a hidden page with an error.
document.addEventListener('htmx:before:swap', ({ detail: { tasks } }) => {
  const fresh = tasks.map((task) => task.fragment.querySelector?.('#vote-table')).find(Boolean);
  const reveals = !document.hidden && fresh?.dataset.phase === 'revealed' && table().dataset.phase === 'voting';
  if (reveals) for (const task of tasks) task.swapSpec.transition = true;
});

export const apply = (html) => htmx.swap({ text: html, sourceElement: document.body, swap: 'none' });

// What answers say of the engine; those that say nothing leave it as it was.
let tellBehind = () => {};
export const onBehind = (act) => (tellBehind = act);
const heed = (headers) => headers?.has('X-Behind') && tellBehind(headers.get('X-Behind') === '1');
document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => heed(ctx.response?.headers));

const partial = (id, html) => `<hx-partial hx-target="#${id}" hx-swap="outerMorph">${html}</hx-partial>`;
const asking = new Map();
let whole = false; // the backlog is asked for from its beginning to its end, not the rows that changed

// Asks for a region's present state. While an answer is on its way, one more question is enough for all who ask.
export function refresh(id) {
  if (asking.has(id)) return asking.get(id).again();
  let again = false;
  const done = (async () => {
    do {
      again = false;
      await fetchRegion(id);
    } while (again);
  })().finally(() => asking.delete(id));
  const askAgain = () => {
    again = true;
    return done;
  };
  asking.set(id, { again: askAgain });
  return done;
}

async function fetchRegion(id) {
  const since = id === 'backlog' && !whole ? `?since=${version(document.getElementById(id))}` : '';
  if (id === 'backlog') whole = false;
  const headers = { 'HX-Request': 'true', ...frame };
  // A table that is the newest is not sent again; that of a page just loaded is not in the browser's cache.
  if (id === 'vote-table') headers['If-None-Match'] = `"${table().dataset.version}-${room.dataset.build}"`;
  let answer;
  try {
    answer = await fetch(`${here}/${id}${since}`, { headers });
  } catch {
    return; // offline: the next poll asks again
  }
  heed(answer.headers);
  checkMember(answer);
  if (answer.ok) await apply(partial(id, await answer.text()));
}

export function refreshWholeBacklog() {
  whole = true;
  refresh('backlog');
}

export function refreshTasks(newest) {
  if (newest > version(document.getElementById('backlog'))) refresh('backlog');
  if (newest > version(document.getElementById('task'))) refresh('task');
}
