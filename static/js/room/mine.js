// What on the table is the viewer's own: a card place, or once the cards are face up a card. Where names are hidden all
// cards of one value are alike, so one of the value that was played is marked.
import { chosen } from './card.js';
import { me, onChange, table } from './page.js';

// While no card can be played, the viewer's place says what the others' do.
const OWN_STATES = { voted: 'You voted', thinking: 'Your turn', away: 'Your turn' };

const unnamed = () => [...table().querySelectorAll('.lay:not([id])')];

function mark() {
  for (const lay of unnamed()) name(lay, 'A vote', false);
  const named = document.getElementById(`seat-${me}`);
  if (named) markNamed(named);
  const alike = !named && unnamed().find((lay) => lay.dataset.v === chosen());
  if (alike) name(alike, 'Your vote', true);
}

function name(lay, text, own) {
  lay.toggleAttribute('data-me', own);
  lay.querySelector('.lay__name').textContent = text;
}

function markNamed(seat) {
  seat.dataset.me = '';
  const state = seat.querySelector('.seat__state');
  if (state && seat.dataset.state in OWN_STATES) state.textContent = OWN_STATES[seat.dataset.state];
  const name = seat.querySelector('.lay__name');
  if (name && !name.textContent.endsWith('(you)')) name.textContent += ' (you)';
}

onChange('vote-table', mark);
onChange('actions', mark);
