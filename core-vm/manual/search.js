'use strict';
// Finds entries by name first, then by what they do. Enter goes to the first one; / begins a search.
const box = document.getElementById('search');
const found = document.getElementById('found');

function rank([name, , doc], words) {
  const low = name.toLowerCase();
  if (low === words[0] || low.endsWith('.' + words[0])) return 0;
  if (low.startsWith(words[0])) return 1;
  if (words.every(word => low.includes(word))) return 2;
  return words.every(word => (low + ' ' + doc.toLowerCase()).includes(word)) ? 3 : -1;
}

function search() {
  const words = box.value.toLowerCase().split(/\s+/).filter(word => word);
  const hits = words.length === 0 ? [] : ENTRIES.map(entry => [rank(entry, words), entry]).filter(([r]) => r >= 0);
  hits.sort(([a], [b]) => a - b);
  found.replaceChildren(...hits.slice(0, 40).map(([, [name, href, doc]]) => {
    const item = document.createElement('li');
    const link = document.createElement('a');
    const text = document.createElement('small');
    link.href = href;
    link.textContent = name;
    text.textContent = ' ' + doc;
    item.append(link, text);
    return item;
  }));
  found.hidden = hits.length === 0;
}

box.addEventListener('input', search);
box.addEventListener('keydown', event => {
  const first = found.querySelector('a');
  if (event.key === 'Enter' && first) location.href = first.href;
  if (event.key === 'Escape') { box.value = ''; search(); }
});
found.addEventListener('click', () => { found.hidden = true; });
document.addEventListener('keydown', event => {
  if (event.key === '/' && document.activeElement !== box) { event.preventDefault(); box.focus(); }
});
