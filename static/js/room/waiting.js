// Whether the table waits for the viewer's own card, for what says so outside of the page.
import { chosen } from './card.js';
import './hand.js'; // which a new round empties first
import { me, onChange } from './page.js';

const AWAITED = ['thinking', 'away'];
const followers = [];
let shown;

// The round that waits for the viewer's card, or nothing.
export function awaitingRound() {
  const seat = document.getElementById(`seat-${me}`);
  return AWAITED.includes(seat?.dataset.state) && chosen() === null ? seat.closest('#vote-table').dataset.round : '';
}

// Calls back now and after each change, with the round that waits or with nothing, as when the page is left.
export function onWaiting(act) {
  followers.push(act);
  act(awaitingRound());
}

function follow(round) {
  if (round === shown) return;
  shown = round;
  for (const act of followers) act(round);
}
const look = () => follow(awaitingRound());

onChange('vote-table', look);
onChange('actions', look);
document.addEventListener('change', look);
addEventListener('pagehide', () => follow(''));
addEventListener('pageshow', look);
