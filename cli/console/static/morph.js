// Changes a piece of the page into another one in place, so that focus, selection, scroll
// positions and opened details stay with whoever is reading.

const KEPT = new Set(["open"]); // the reader's own: which details are open

export function morph(from, to) {
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) {
    from.replaceWith(document.importNode(to, true));
  } else if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
  } else {
    attributes(from, to);
    children(from, to);
  }
}

function attributes(from, to) {
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !KEPT.has(name)) from.removeAttribute(name);
  }
}

function children(from, to) {
  const old = [...from.childNodes];
  const fresh = [...to.childNodes];
  fresh.forEach((node, index) => {
    if (index < old.length) morph(old[index], node);
    else from.append(document.importNode(node, true));
  });
  old.slice(fresh.length).forEach((node) => node.remove());
}
