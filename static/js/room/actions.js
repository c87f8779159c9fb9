// The viewer's own controls follow the table: voters' by style sheet, facilitators' by asking for them.
import { actions, facilitates, me, onChange, serverNow, table } from './page.js';
import { refresh } from './regions.js';

const MAX_NAMED = 6;
const LIST = new Intl.ListFormat('en-GB');

// A name in a sentence is read in its own direction.
const written = ({ type, value }) =>
  type === 'element' ? Object.assign(document.createElement('bdi'), { textContent: value }) : value;

// Who has not voted yet: by name up to six, a count above.
function nameAwaited() {
  const hint = document.querySelector('[data-thinking]');
  if (!hint) return;
  const awaited = [...table().querySelectorAll('.seat[data-state="thinking"]')];
  const names = awaited.map((seat) => (seat.id === `seat-${me}` ? 'you' : seat.querySelector('.seat__name').title));
  if (names.length > MAX_NAMED) hint.textContent = `Waiting for ${names.length} people.`;
  else if (names.length) hint.replaceChildren('Waiting for ', ...LIST.formatToParts(names).map(written), '.');
  else hint.textContent = '';
  document.querySelector('[data-nudges]').hidden = !awaited.some((seat) => seat.id !== `seat-${me}`);
}

function outdated() {
  const { round, phase, settles, facilitators, rules } = table().dataset;
  const mine = actions().dataset;
  const left = table().dataset.left.split(' ').includes(me);
  if (left || 'left' in mine) return left !== 'left' in mine;
  const leads = facilitators.split(' ').includes(me);
  const seated = document.getElementById(`seat-${me}`) !== null;
  if (leads !== facilitates() || rules !== mine.rules) return true;
  if (phase === 'voting' && seated !== 'votes' in mine) return true;
  return leads && (round !== mine.round || phase !== mine.phase || settles !== mine.settles);
}

function offerTakeover() {
  const from = Number(table().dataset.takeover);
  document.getElementById('takeover').hidden =
    facilitates() || 'left' in actions().dataset || !from || serverNow() < from;
}

function rename() {
  const { name } = table().dataset;
  const title = document.querySelector('.roombar h1');
  if (title.title === name) return;
  title.querySelector('bdi').textContent = title.title = name;
  document.title = `${name} · Faceup`;
}

onChange('vote-table', () => {
  rename();
  nameAwaited();
  offerTakeover();
  if (outdated()) refresh('actions');
});
onChange('actions', nameAwaited);
setInterval(offerTakeover, 1_000);
