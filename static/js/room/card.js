// The cards of the hand, and which of them is chosen.
export const hand = () => document.getElementById('hand');
export const chosen = () => hand()?.querySelector('input:checked')?.value ?? null;

export function pick(card) {
  for (const radio of hand()?.elements.card ?? []) radio.checked = radio.value === card;
}
