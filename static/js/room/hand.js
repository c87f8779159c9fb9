// The hand: one card chosen, kept in step with the round, with the server, and with this browser's other tabs.
import { chosen, hand, pick } from './card.js';
import { actions, me, onChange } from './page.js';
import { refresh } from './regions.js';
import { forget, isSending, onAnswer } from './sending.js';

const tabs = new BroadcastChannel(`faceup ${location.pathname}`);
tabs.addEventListener('message', () => refresh('actions'));
onAnswer(() => tabs.postMessage('hand'));

onChange('vote-table', ({ dataset: { round } }) => {
  if (actions().dataset.round === round) return;
  actions().dataset.round = round;
  for (const field of document.querySelectorAll('[data-current-round]')) field.value = round;
  forget();
  pick(null);
  const hint = document.getElementById('hand-hint');
  if (hint) hint.textContent = 'Pick a card. Nobody sees it before the reveal.';
});
// The table and the hand contradict each other: the table came back to a round voted on before, or a card was played or
// taken back elsewhere. The table may also be older than the last answer, so the server is asked.
onChange('vote-table', () => {
  const state = document.getElementById(`seat-${me}`)?.dataset.state;
  if (!state || !hand() || isSending()) return;
  if ((state === 'voted') !== (chosen() !== null)) refresh('actions');
});

// A morph leaves a radio as the person set it; the server knows better, unless a card is on its way.
onChange('actions', () => {
  if (!hand()) forget();
  if (isSending()) return;
  for (const radio of hand()?.elements.card ?? []) radio.checked = radio.defaultChecked;
});
