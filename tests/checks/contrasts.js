// Contrast of every text with what is behind it (WCAG 2.2): [ratio, text, whether it is in a drawing].
// Paths of a drawing are taken for their bounding boxes, which for shaded cells they are.
() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (colour, opacity) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255 * opacity];
  };
  const over = (top, below) => below.slice(0, 3).map((c, i) => top[i] * top[3] + c * (1 - top[3]));
  const light = (c) => c.map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const own = rgb(getComputedStyle(element).backgroundColor, 1);
    return own[3] === 1 ? own.slice(0, 3) : over(own, behind(element.parentElement));
  };
  const found = [];
  document.querySelectorAll("details").forEach((d) => d.open = true);
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.closest("script, #missed tbody tr:nth-child(n+9)")) continue;
    const drawn = element instanceof SVGElement;
    const style = getComputedStyle(element);
    let back = behind(element);
    if (drawn) {
      const box = element.getBoundingClientRect();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      for (const cell of element.ownerSVGElement.querySelectorAll("path[style*='fill']")) {
        const c = cell.getBoundingClientRect();
        if (x < c.left || x > c.right || y < c.top || y > c.bottom || c.width < box.width) continue;
        const s = getComputedStyle(cell);
        if (s.fill !== "none") back = over(rgb(s.fill, s.fillOpacity * s.opacity), back);
      }
    }
    const front = over(rgb(drawn ? style.fill : style.color, 1), back);
    const [low, high] = [light(front), light(back)].sort((a, b) => a - b);
    found.push([(high + 0.05) / (low + 0.05), element.textContent.slice(0, 40), drawn]);
  }
  return found;
}
