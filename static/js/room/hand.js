// The hand: one card chosen, kept in step with the round, with the server, and with this browser's other tabs.
import { actions, me, onChange } from './page.js';
import { notice } from './notices.js';
import { refresh } from './regions.js';

const tabs = new BroadcastChannel(`faceup ${location.pathname}`);
const hand = () => document.getElementById('hand');
let sending = false;

document.addEventListener('change', ({ target }) => {
  if (target.name === 'card') sending = true;
});
document.addEventListener('htmx:finally:request', ({ target }) => {
  if (target.id !== 'hand' && target.id !== 'retraction') return;
  sending = false;
  tabs.postMessage('hand');
});
tabs.addEventListener('message', () => refresh('actions'));
document.addEventListener('htmx:after:request', ({ target, detail: { ctx } }) => {
  if (target.id === 'retraction' && ctx.response.status < 400) pick(null);
});

// The network failed, not the rules: say so, and send the same card again until it arrives.
document.addEventListener('htmx:error', ({ target }) => {
  if (target.id !== 'hand') return;
  notice('Your card has not arrived yet. Trying again.');
  setTimeout(() => target.isConnected && target.requestSubmit(), 2_000);
});

const pick = (card) => {
  for (const radio of hand()?.elements.card ?? []) radio.checked = radio.value === card;
};

onChange('vote-table', ({ dataset: { round } }) => {
  if (actions().dataset.round === round) return;
  actions().dataset.round = round;
  for (const field of document.querySelectorAll('[data-current-round]')) field.value = round;
  pick(null);
  const hint = document.getElementById('hand-hint');
  if (hint) hint.textContent = 'Pick a card. Nobody sees it before the reveal.';
});
// A card lies at the seat that the hand does not show: the table came back to a round voted on before.
onChange('vote-table', () => {
  const voted = document.querySelector(`#seat-${me}[data-state="voted"]`);
  if (voted && hand() && !sending && !hand().querySelector(':checked')) refresh('actions');
});

// A morph leaves a radio as the person set it; the server knows better, unless a card is on its way.
onChange('actions', () => {
  if (sending) return;
  for (const radio of document.querySelectorAll('#actions input[type="radio"]')) radio.checked = radio.defaultChecked;
});
onChange('actions', () => {
  const word = document.querySelector('[data-saves]');
  const chosen = document.querySelector('#estimate input:checked');
  if (word) word.textContent = chosen ? ` ${chosen.value}` : '';
});
document.addEventListener('change', ({ target }) => {
  const word = document.querySelector('[data-saves]');
  if (target.name === 'estimate' && word) word.textContent = ` ${target.value}`;
});

export { hand };
