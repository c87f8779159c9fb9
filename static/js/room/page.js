// What the page says about itself, and the regions that change on it.
export const room = document.getElementById('room');
export const { here, me } = room.dataset;

// How far this browser's clock is from the server's, in milliseconds: the page says when it was drawn, and that is when
// its first byte came, however long the rest took.
const [{ responseStart }] = performance.getEntriesByType('navigation');
const skew = Number(room.dataset.now) - (performance.timeOrigin + responseStart);
export const serverNow = () => Date.now() + skew;

export const table = () => document.getElementById('vote-table');
export const actions = () => document.getElementById('actions');
export const facilitates = () => actions().hasAttribute('data-facilitates');

// Calls back now and after each change of a region, when the change is on the page but not yet painted.
export function onChange(id, act) {
  document.addEventListener('htmx:after:settle', (event) => event.target.id === id && act(event.target));
  act(document.getElementById(id));
}

// Calls back before a form is sent; what answers false holds it back.
export function beforeSubmit(id, act) {
  const hold = (event) => (event.preventDefault(), event.stopPropagation());
  document.addEventListener('submit', (event) => event.target.id === id && act() === false && hold(event), true);
}
