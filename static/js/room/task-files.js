// Files for a task: chosen, dragged onto it or pasted; and the list in its sheet, as it is now.
import { backlogUnder, opensPreview } from './import-drop.js';
import { facilitates } from './page.js';
import { upload } from './uploads.js';

const mayAdd = () => facilitates() || document.getElementById('task').hasAttribute('data-anyone-adds');
const carriesFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
const sheet = () => document.querySelector('#task-files[data-files-to]');
// Where the page does not say which task is meant, it is the one that is open, or else the one on the table.
const place = (target) => target.closest?.('[data-files-to]') ?? sheet() ?? document.getElementById('task');

function mark(element) {
  for (const marked of document.querySelectorAll('[data-drop]')) if (marked !== element) delete marked.dataset.drop;
  if (element) element.dataset.drop = '';
}

// A file that is dropped beside the place would take the browser away from the table.
document.addEventListener('dragover', (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  const onto = backlogUnder(event) ?? (mayAdd() ? place(event.target) : null);
  event.dataTransfer.dropEffect = onto ? 'copy' : 'none';
  mark(onto);
});
document.addEventListener('dragleave', ({ relatedTarget }) => !relatedTarget && mark(null));
document.addEventListener('drop', (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  mark(null);
  if (backlogUnder(event) && opensPreview(event.dataTransfer.files)) return;
  if (mayAdd()) upload(event.dataTransfer.files, place(event.target).dataset.filesTo);
});
// A copied table or text is pasted as text, though its picture may lie beside it.
document.addEventListener('paste', (event) => {
  const { files, types } = event.clipboardData;
  if (!files.length || types.includes('text/plain') || !mayAdd()) return;
  event.preventDefault();
  upload(files, place(event.target).dataset.filesTo);
});
document.addEventListener('change', ({ target }) => {
  if (!target.matches('[data-adds-files]')) return;
  upload(target.files, place(target).dataset.filesTo);
  target.value = '';
});

// The list leaves open what is being typed; what is saved is done with.
document.addEventListener('htmx:after:request', ({ target, detail: { ctx } }) => {
  const edit = target.closest?.('.file__edit');
  if (!edit || ctx.response?.status >= 400) return;
  edit.open = false;
  edit.querySelector('summary').focus();
});

// The task on the table and the backlog change with every change of the tasks.
document.addEventListener('htmx:after:settle', ({ target }) => {
  const list = document.getElementById('task-files');
  if (list && target.id === 'task') htmx.trigger(list, 'refresh');
});
