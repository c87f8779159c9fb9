// What one person did and everybody has to know of, in one line: who facilitates now, and which estimate was saved. It is
// told by what the table says, so that whoever missed an event hears of it too; and by a notice, which is read aloud.
import { notice } from './notices.js';
import { me, onChange } from './page.js';

let known;

onChange('vote-table', ({ dataset: { facilitators, leads, estimated, newestEstimate } }) => {
  const before = known;
  known = { facilitators, estimated: Number(estimated ?? 0) };
  if (!before) return;
  if (known.estimated > before.estimated) tell(newestEstimate);
  if (facilitators !== before.facilitators) {
    const mine = (ids) => ids.split(' ').includes(me);
    tell(mine(facilitators) && !mine(before.facilitators) ? 'You are facilitating now.' : leads);
  }
});

// Who did it has been told, with a way to undo it; and what was refused has to be read first.
function tell(sentence) {
  if (!document.querySelector('#notice :is(form, [data-kind="refusal"])')) notice(sentence);
}
