// A chosen card on its way to the server: after a moment for second thoughts, and until it has arrived.
import { chosen, hand, pick } from './card.js';
import { beforeSubmit } from './page.js';
import { refresh } from './regions.js';
import { complain, unanswered } from './trouble.js';

const AGAIN = 2_000; // milliseconds until a card that did not arrive is sent once more

let sending = false; // what is chosen is not what the server last answered to
let due; // the timer of the card that is to be sent
const askers = [];

export const isSending = () => sending;
// Calls back after each answer, with whether the card was taken and nothing more is on its way, and with the request.
export const onAnswer = (act) => askers.push(act);

export function forget() {
  due = void clearTimeout(due);
  sending = false;
}
function sendIn(milliseconds) {
  sending = true;
  clearTimeout(due);
  due = setTimeout(sendNow, milliseconds);
}
export function sendNow() {
  if (due) hand()?.requestSubmit();
}

document.addEventListener('change', ({ target }) => {
  if (target.name === 'card') sendIn(Number(hand().dataset.delay));
});
// A page that is put aside may not come back to its timers.
document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && sendNow());

beforeSubmit('hand', () => {
  due = void clearTimeout(due);
  // Enter on a card that is not chosen, or a hand that was emptied meanwhile, sends nothing.
  sending &&= chosen() !== null;
  return chosen() !== null;
});
beforeSubmit('retraction', () => {
  forget();
  sending = true;
  pick(null);
});

const isMine = ({ target }) => target.id === 'hand' || target.id === 'retraction';
// Before the answer is swapped in, so that a refusal's controls show what the server knows.
document.addEventListener('htmx:after:request', (event) => {
  const { ctx } = event.detail;
  if (isMine(event) && !unanswered(ctx))
    sending = ctx.response.status < 400 && chosen() !== ctx.request.body.get('card');
});
document.addEventListener('htmx:finally:request', (event) => {
  const { ctx } = event.detail;
  if (!isMine(event)) return;
  if (!unanswered(ctx)) for (const act of askers) act(ctx.response.status < 400 && !sending, ctx);
  else if (!due) event.target.id === 'hand' ? tryAgain() : showAgain();
});

// The network failed or what stands in front, not the rules: say so, and send what is chosen until it arrives.
function tryAgain() {
  if (chosen() === null) return;
  complain('Your card has not arrived yet. Trying again.');
  sendIn(AGAIN);
}
export function showAgain() {
  forget();
  refresh('actions');
}
