// The reveal waits for the card of who asks for it, or it would come without. It does not wait for the network: a card
// that has not arrived in time takes no reveal along later.
import { TOO_LATE } from './moment.js';
import { beforeSubmit, table } from './page.js';
import { isSending, onAnswer, sendNow } from './sending.js';
import { complain, unanswered } from './trouble.js';

let waits = ''; // the round whose reveal waits
let late;

beforeSubmit('reveal', () => {
  if (!isSending()) return true;
  waits = table().dataset.round;
  clearTimeout(late);
  late = setTimeout(refuse, TOO_LATE);
  sendNow();
  return false;
});
onAnswer((arrived) => {
  if (arrived && waits === table().dataset.round) document.getElementById('reveal')?.requestSubmit();
  if (!isSending()) waits = '';
});
document.addEventListener('htmx:finally:request', ({ target, detail: { ctx } }) => {
  if (target.id === 'hand' && unanswered(ctx)) refuse();
});

function refuse() {
  if (!waits) return;
  waits = '';
  complain('Not revealed: your own card has not arrived yet. Reveal again when it has.');
}
