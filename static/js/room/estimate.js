// The facilitator's choice of the final estimate. It follows the suggestion until another card is chosen; each round
// has a form of its own, so that a choice or a note never wanders to another.
import { onChange } from './page.js';

const form = () => document.querySelector('#estimate form');

function show() {
  const { chosen } = form()?.dataset ?? {};
  for (const radio of form()?.elements.estimate ?? [])
    radio.checked = chosen ? radio.value === chosen : radio.defaultChecked;
  const word = document.querySelector('[data-saves]');
  const card = form()?.querySelector('input:checked');
  if (word) word.textContent = card ? ` ${card.value}` : '';
}

document.addEventListener('change', ({ target }) => {
  if (target.name !== 'estimate') return;
  form().dataset.chosen = target.value;
  show();
});
onChange('actions', show);
