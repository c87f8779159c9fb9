// What is pressed is for this moment: it is done now or not at all. Only one's own card, and tasks that were typed, wait
// for the network.
import { onChange, table } from './page.js';

export const TOO_LATE = 10_000; // milliseconds after which an answer is not waited for any longer
const SETTLING = 500; // milliseconds in which nobody can have seen what came, and answered with the same key

const waits = (form) => form.matches('#hand, #retraction, .addtask');
const acts = (element) => element.matches('form, button') && !waits(element);
const onTheirWay = new Set();

// The same again meanwhile is no second wish, and is not kept for later.
document.addEventListener('htmx:config:request', (event) => {
  const { target } = event;
  const { ctx } = event.detail;
  if (ctx.request.method === 'GET' || !acts(target)) return;
  if (onTheirWay.has(target)) return event.preventDefault();
  onTheirWay.add(target);
  ctx.request.timeout = TOO_LATE;
});
document.addEventListener('htmx:finally:request', ({ detail: { ctx } }) => onTheirWay.delete(ctx.sourceElement));

// A second press belongs to what was there at the first: it does nothing to what came into its place meanwhile.
const shown = () => `${table().dataset.round} ${table().dataset.phase}`;
let came; // what is shown, and since when
onChange('vote-table', () => {
  if (came?.what !== shown()) came = { what: shown(), at: performance.now() };
});
const ignore = (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
};

let clicked; // what was shown at the first click of a double one
document.addEventListener(
  'click',
  (event) => {
    if (event.detail === 1) clicked = shown();
    if (event.detail > 1 && clicked !== shown()) ignore(event);
  },
  true,
);

const types = ({ target }) => target.closest?.('input:not([type="radio"], [type="checkbox"]), textarea, select');
let pressed = {}; // the last key, and what was shown then
document.addEventListener(
  'keydown',
  (event) => {
    if (event.repeat || types(event)) return;
    const again = event.key === pressed.key && pressed.what !== shown();
    if (again && performance.now() - came.at < SETTLING) return ignore(event);
    pressed = { key: event.key, what: shown() };
  },
  true,
);
