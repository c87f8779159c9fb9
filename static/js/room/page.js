// What the page says about itself, and the regions that change on it.
export const room = document.getElementById('room');
export const { here, me } = room.dataset;

// How far the server's clock is ahead of this page's monotonic one, in milliseconds: the page says when it was drawn, and
// that is when its first byte came, however long the rest took. The monotonic clock goes on evenly when somebody sets the
// computer's; while that sleeps it may stand still, so each answer of the server sets it anew where it is seconds off.
const [{ responseStart }] = performance.getEntriesByType('navigation');
let ahead = Number(room.dataset.now) - responseStart;
export const serverNow = () => performance.now() + ahead;

const CLOCK_OFF = 1_000; // milliseconds: more than an answer takes on its way
document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
  const now = Number(ctx.response?.headers?.get('X-Now') ?? NaN);
  if (Math.abs(now - serverNow()) > CLOCK_OFF) ahead += now - serverNow();
});

export const table = () => document.getElementById('vote-table');
export const actions = () => document.getElementById('actions');
export const facilitates = () => actions().hasAttribute('data-facilitates');

// The page shows what is over, as the server says, and goes elsewhere: nothing that is under way on it can be saved.
export function leave(go) {
  room.dataset.over = '';
  go();
}

// Calls back now and after each change of a region, when the change is on the page but not yet painted.
export function onChange(id, act) {
  document.addEventListener('htmx:after:settle', (event) => event.target.id === id && act(event.target));
  act(document.getElementById(id));
}

// Calls back before a form is sent; what answers false holds it back.
export function beforeSubmit(id, act) {
  const hold = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener('submit', (event) => event.target.id === id && act() === false && hold(event), true);
}
