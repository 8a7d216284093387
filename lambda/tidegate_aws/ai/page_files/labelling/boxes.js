// Boxes over an image, drawn by pointer or by keyboard. Places are kept in pixels of the image,
// whatever size it is shown in; each box is a button of its own, so that Tab reaches it.
const STEP = 10;
const SMALLEST = 3;

export class Boxes {
  constructor({ stage, image, list, classes, chosen, say }) {
    Object.assign(this, { stage, image, list, classes, chosen, say, boxes: [], from: null });
    stage.addEventListener("pointerdown", (event) => this.begin(event));
    stage.addEventListener("pointermove", (event) => this.move(event));
    stage.addEventListener("pointerup", () => this.end());
    image.addEventListener("load", () => this.draw());
    image.draggable = false;
    addEventListener("resize", () => this.draw());
  }

  clear() { this.boxes = []; this.draw(); }

  told() {
    return this.boxes.map(({ label, left, top, width, height }) =>
      ({ label, left, top, width, height }));
  }

  // What one pixel on the screen is in the image.
  get scale() { return (this.image.naturalWidth || 1) / (this.image.clientWidth || 1); }

  at(event) {
    const shown = this.image.getBoundingClientRect();
    return this.within({
      x: (event.clientX - shown.left) * this.scale,
      y: (event.clientY - shown.top) * this.scale,
    });
  }

  within({ x, y }) {
    return {
      x: Math.round(Math.min(Math.max(x, 0), this.image.naturalWidth)),
      y: Math.round(Math.min(Math.max(y, 0), this.image.naturalHeight)),
    };
  }

  begin(event) {
    if (event.button !== 0 || event.target.closest(".box")) return;
    event.preventDefault();
    this.stage.setPointerCapture(event.pointerId);
    this.from = this.at(event);
    this.boxes.push({ label: this.chosen(), left: this.from.x, top: this.from.y, width: 0, height: 0 });
  }

  move(event) {
    if (!this.from) return;
    const to = this.at(event);
    Object.assign(this.boxes.at(-1), {
      left: Math.min(this.from.x, to.x), top: Math.min(this.from.y, to.y),
      width: Math.abs(to.x - this.from.x), height: Math.abs(to.y - this.from.y),
    });
    this.draw();
  }

  end() {
    if (!this.from) return;
    this.from = null;
    const box = this.boxes.at(-1);
    if (box.width < SMALLEST || box.height < SMALLEST) this.boxes.pop();
    this.draw();
  }

  add() {
    const [wide, high] = [this.image.naturalWidth, this.image.naturalHeight];
    this.boxes.push({
      label: this.chosen(), left: Math.round(wide / 3), top: Math.round(high / 3),
      width: Math.max(SMALLEST, Math.round(wide / 3)),
      height: Math.max(SMALLEST, Math.round(high / 3)),
    });
    this.draw();
    this.focus(this.boxes.length - 1);
  }

  remove(place) {
    this.boxes.splice(place, 1);
    this.draw();
    this.say("Box removed.");
    if (this.boxes.length) this.focus(Math.min(place, this.boxes.length - 1));
    else document.getElementById("add-box").focus();
  }

  focus(place) { this.stage.querySelectorAll(".box")[place]?.focus(); }

  key(event, place) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.remove(place);
      return;
    }
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    const step = event.altKey ? 1 : STEP;
    const box = this.boxes[place];
    const [wide, high] = [this.image.naturalWidth, this.image.naturalHeight];
    const fit = (value, least, most) => Math.min(Math.max(value, least), most);
    if (event.shiftKey) {
      box.width = fit(box.width + way[0] * step, SMALLEST, wide - box.left);
      box.height = fit(box.height + way[1] * step, SMALLEST, high - box.top);
    } else {
      box.left = fit(box.left + way[0] * step, 0, wide - box.width);
      box.top = fit(box.top + way[1] * step, 0, high - box.height);
    }
    this.draw();
    this.focus(place);
    this.say(this.words(box, place));
  }

  words({ label, left, top, width, height }, place) {
    return `Box ${place + 1}, ${label}: ${left} from the left, ${top} from the top, ` +
      `${width} wide, ${height} high`;
  }

  draw() {
    for (const old of this.stage.querySelectorAll(".box")) old.remove();
    this.boxes.forEach((box, place) => this.stage.append(this.drawn(box, place)));
    this.list.replaceChildren(...this.boxes.map((box, place) => this.line(box, place)));
  }

  drawn(box, place) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "box";
    made.setAttribute("aria-label", this.words(box, place));
    made.setAttribute("aria-describedby", "boxes-help");
    for (const name of ["left", "top", "width", "height"]) {
      made.style[name] = `${box[name] / this.scale}px`;
    }
    const label = document.createElement("span");
    label.textContent = box.label;
    made.append(label);
    made.addEventListener("keydown", (event) => this.key(event, place));
    return made;
  }

  line(box, place) {
    const line = document.createElement("li");
    const choice = document.createElement("select");
    choice.setAttribute("aria-label", `Class of box ${place + 1}`);
    for (const name of this.classes) choice.add(new Option(name, name, false, name === box.label));
    choice.addEventListener("change", () => {
      box.label = choice.value;
      this.draw();
      this.list.querySelectorAll("select")[place].focus();
    });
    const gone = document.createElement("button");
    gone.type = "button";
    gone.className = "quiet";
    gone.textContent = `Remove box ${place + 1}`;
    gone.addEventListener("click", () => this.remove(place));
    line.append(choice, gone);
    return line;
  }
}
