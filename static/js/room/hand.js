// The hand: one card chosen, kept in step with the round, with the server, and with this browser's other tabs.
import { actions, me, onChange } from './page.js';
import { clear, notice } from './notices.js';
import { refresh } from './regions.js';
import { unanswered } from './trouble.js';

const AGAIN = 2_000; // milliseconds until a card that did not arrive is sent once more
const tabs = new BroadcastChannel(`faceup ${location.pathname}`);
const hand = () => document.getElementById('hand');
const chosen = () => hand()?.querySelector('input:checked')?.value ?? null;

let sending = false; // what is chosen is not what the server last answered to
let due; // the moment at which the chosen card is sent
let late = false; // it was said that a card has not arrived
let revealing = false; // the reveal waits for the person's own card
let taken = null; // the card that is being taken back

const pick = (card) => {
  for (const radio of hand()?.elements.card ?? []) radio.checked = radio.value === card;
};
const forget = () => {
  due = void clearTimeout(due);
  sending = revealing = false;
};

// A second thought costs nothing as long as the card is not sent.
document.addEventListener('change', ({ target }) => {
  if (target.name === 'card') sendIn(Number(hand().dataset.delay));
});
function sendIn(milliseconds) {
  sending = true;
  clearTimeout(due);
  due = setTimeout(send, milliseconds);
}
function send() {
  due = void clearTimeout(due);
  hand()?.requestSubmit();
}
// A page that is put aside may not come back to its timers.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden' && due) send();
});

document.addEventListener(
  'submit',
  (event) => {
    const { id } = event.target;
    // Enter on a card that is not chosen, or a hand that was emptied meanwhile: there is nothing to send.
    if (id === 'hand' && chosen() === null) {
      hold(event);
      sending = false;
    }
    if (id === 'reveal' && sending) {
      hold(event);
      revealing = true;
      if (due) send();
    }
    if (id === 'retraction') {
      due = void clearTimeout(due);
      taken = chosen();
      sending = true;
      pick(null);
    }
  },
  true,
);
const hold = (event) => {
  event.preventDefault();
  event.stopPropagation();
};

// Before the answer is swapped in, so that a refusal's controls show what the server knows.
document.addEventListener('htmx:after:request', ({ target, detail: { ctx } }) => {
  if (target.id !== 'hand' && target.id !== 'retraction') return;
  if (!unanswered(ctx)) sending = ctx.response.status < 400 && chosen() !== ctx.request.body.get('card');
});
document.addEventListener('htmx:finally:request', ({ target, detail: { ctx } }) => {
  if (target.id !== 'hand' && target.id !== 'retraction') return;
  if (!unanswered(ctx)) arrived(ctx.response.status < 400);
  else if (target.id === 'hand') tryAgain();
  else putBack();
  tabs.postMessage('hand');
});
tabs.addEventListener('message', () => refresh('actions'));

// The network or what stands in front failed, not the rules: say so, and send what is chosen until it arrives.
function tryAgain() {
  if (due || chosen() === null) return;
  late = true;
  notice('Your card has not arrived yet. Trying again.');
  sendIn(AGAIN);
}
function putBack() {
  if (chosen() === null) pick(taken);
  if (!due) forget();
}
function arrived(accepted) {
  if (late && accepted) clear();
  late = false;
  if (sending) return;
  if (revealing && accepted) document.getElementById('reveal')?.requestSubmit();
  revealing = false;
}

onChange('vote-table', ({ dataset: { round } }) => {
  if (actions().dataset.round === round) return;
  actions().dataset.round = round;
  for (const field of document.querySelectorAll('[data-current-round]')) field.value = round;
  forget();
  pick(null);
  const hint = document.getElementById('hand-hint');
  if (hint) hint.textContent = 'Pick a card. Nobody sees it before the reveal.';
});
// A card lies at the seat that the hand does not show: the table came back to a round voted on before.
onChange('vote-table', () => {
  const voted = document.querySelector(`#seat-${me}[data-state="voted"]`);
  if (voted && hand() && !sending && chosen() === null) refresh('actions');
});

// A morph leaves a radio as the person set it; the server knows better, unless a card is on its way.
onChange('actions', () => {
  if (!hand()) forget();
  if (sending) return;
  for (const radio of hand()?.elements.card ?? []) radio.checked = radio.defaultChecked;
});

export { hand };
