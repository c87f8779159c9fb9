// Single keys: a card typed is a card picked; R, V and N press their buttons. They can be switched off.
import { local } from '../storage.js';
import { hand } from './card.js';

const ON = 'faceup-keys';
const SPELL = 700; // milliseconds between the keys of one card, such as 1 and 3
const toggle = document.querySelector('[data-shortcuts-on]');
const spoken = { b: '☕' };
let typed = '';
let last = 0;
let waiting; // a card that another key may still make a longer one
let timer;

toggle.checked = local?.getItem(ON) !== 'off';
toggle.addEventListener('change', () => local?.setItem(ON, toggle.checked ? 'on' : 'off'));

const busy = ({ target }) =>
  target.closest(
    'input:not([type="radio"], [type="checkbox"]), textarea, select, [contenteditable], [popover]:popover-open',
  );

const cardsInSight = () => [...(hand()?.elements.card ?? [])].filter((radio) => radio.checkVisibility());
const isLatin = (key) => (key >= 'a' && key <= 'z') || (key >= '0' && key <= '9');

// What a key means: what it types or, where that is no letter or digit and names nothing here, what stands in its place
// on most keyboards: R for к, and 1 for & where digits need Shift.
function meant({ key, code, shiftKey }) {
  const typed = key.toLowerCase();
  if (key.length !== 1 || shiftKey || isLatin(typed)) return typed;
  if (cardsInSight().some(({ value }) => value.toLowerCase().includes(typed))) return typed;
  const place = code.toLowerCase().slice(-1);
  return (code === `Key${place.toUpperCase()}` || code === `Digit${place}`) && isLatin(place) ? place : typed;
}

function card(key) {
  const cards = cardsInSight();
  const now = Date.now();
  const find = (text) => cards.find((radio) => radio.value.toLowerCase() === text);
  const begins = (text) => cards.some((radio) => radio.value.toLowerCase().startsWith(text));
  typed = now - last < SPELL && begins(typed + key) ? typed + key : key;
  last = now;
  return { match: find(typed) ?? find(spoken[typed] ?? ''), begins: begins(typed) };
}

const longer = () =>
  [...hand().elements.card].some(({ value }) => value.length > typed.length && value.toLowerCase().startsWith(typed));

function drop() {
  clearTimeout(timer);
  const card = waiting;
  waiting = undefined;
  return card;
}
const play = () => drop()?.click();

document.addEventListener('keydown', (event) => {
  if (event.repeat || !toggle.checked || event.ctrlKey || event.metaKey || event.altKey || busy(event)) return;
  const key = meant(event);
  if (key === 'backspace') {
    if (!drop() && hand()?.checkVisibility() && hand().querySelector('[name="card"]:checked')) {
      document.getElementById('retraction').requestSubmit();
    }
    return;
  }
  if (key.length !== 1 || key === ' ') return;
  const { match, begins } = card(key);
  // A key that does not go on with the card before it is the next thing that the person wants.
  if (typed.length > 1) drop();
  else play();
  if (match) {
    waiting = match;
    // Where a longer card begins alike, the next key may still come.
    timer = setTimeout(play, longer() ? SPELL : 0);
    return;
  }
  const button = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((each) =>
    each.checkVisibility(),
  );
  if (!begins && button) button.click();
});
