'use strict';
// Draws the charts of a report from the numbers in #data. No library, nothing
// fetched; all text goes in as text.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const tip = document.querySelector('.tip');
  const shown = new Map(); // guard name → whether its curves are drawn

  // Elements.
  const svgNS = 'http://www.w3.org/2000/svg';
  const svg = (parent, name, attributes, text) => {
    const e = document.createElementNS(svgNS, name);
    for (const k in attributes) e.setAttribute(k, attributes[k]);
    if (text !== undefined) e.textContent = text;
    if (parent) parent.append(e);
    return e;
  };
  const html = (parent, name, className, text) => {
    const e = document.createElement(name);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    if (parent) parent.append(e);
    return e;
  };
  const swatch = (parent, guard) => {
    const s = svg(parent, 'svg', { class: 'swatch ' + guard.colour, width: 18, height: 10, 'aria-hidden': 'true' });
    svg(s, 'line', { x1: 0, y1: 5, x2: 18, y2: 5 });
  };

  // Numbers, with three digits.
  const digits = v => {
    const a = Math.abs(v);
    return String(+v.toFixed(a < 9.995 ? 2 : a < 99.95 ? 1 : 0));
  };
  const count = v => {
    const a = Math.abs(v);
    return a < 9995 ? digits(v) : a < 999.5e3 ? digits(v / 1e3) + 'k' : a < 999.5e6 ? digits(v / 1e6) + 'M' : digits(v / 1e9) + 'G';
  };
  const time = s => {
    const a = Math.abs(s);
    if (a === 0) return '0';
    return a < 999.5e-9 ? digits(s * 1e9) + ' ns' : a < 999.5e-6 ? digits(s * 1e6) + ' µs' : a < 0.9995 ? digits(s * 1e3) + ' ms' : a < 9995 ? digits(s) + ' s' : digits(s / 3600) + ' h';
  };
  const rate = v => count(v) + '/s';

  // Scales. A linear one begins at 0; a logarithmic one has marks at 1, 2 and 5.
  const marks125 = [1, 2, 5];
  const roundUp = v => {
    const p = 10 ** Math.floor(Math.log10(v));
    for (const m of [1, 2, 2.5, 5, 10]) if (m * p >= v * (1 - 1e-9)) return m * p;
    return 10 * p;
  };
  const linear = (max, parts, whole) => {
    let step = roundUp(Math.max(max, 1e-9) / parts);
    if (whole) step = Math.max(1, step === 2.5 ? 5 : step);
    const top = step * Math.max(1, Math.ceil(max / step - 1e-9)), ticks = [];
    for (let i = 0; i * step <= top * (1 + 1e-9); i++) ticks.push(i * step);
    return { at: v => v / top, ticks };
  };
  // between does not begin at 0: where points are apart is what counts.
  const between = (low, high, parts) => {
    const room = Math.max(high - low, high * 0.02, 1e-9), step = roundUp(room / parts);
    const from = Math.max(0, Math.floor((low - room * .06) / step) * step), to = Math.ceil((high + room * .06) / step) * step, ticks = [];
    for (let t = from; t <= to * (1 + 1e-9); t += step) ticks.push(t);
    return { at: v => (v - from) / (to - from), ticks };
  };
  const logarithmic = (low, high, most) => {
    const all = [];
    for (let d = Math.floor(Math.log10(low)) - 1; d <= Math.ceil(Math.log10(high)); d++) for (const m of marks125) all.push(m * 10 ** d);
    let from = all.length - 1, to = 0;
    while (from > 0 && all[from] > low * (1 + 1e-9)) from--;
    while (to < all.length - 1 && all[to] < high * (1 - 1e-9)) to++;
    if (to - from < 2) to = from + 2;
    let ticks = all.slice(from, to + 1);
    const a = Math.log(ticks[0]), b = Math.log(ticks[ticks.length - 1]);
    if (ticks.length > most) ticks = ticks.filter(t => Math.abs(Math.log10(t) - Math.round(Math.log10(t))) < 1e-9);
    return { at: v => v > 0 ? (Math.log(v) - a) / (b - a) : NaN, ticks };
  };
  const timeAxis = (duration, room) => {
    const units = [[3600, 'h'], [60, 'min'], [1, 's'], [1e-3, 'ms'], [1e-6, 'µs']];
    let [size, unit] = units.find(([s]) => duration >= s * (s === 60 ? 5 : s === 3600 ? 5 : 2)) || units[4];
    const span = duration / size;
    const steps = unit === 'min' || unit === 's' ? [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600] : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
    const step = steps.find(s => span / s <= room) || roundUp(span / room);
    const ticks = [];
    for (let t = 0; t <= span * (1 + 1e-9); t += step) ticks.push(t);
    return ticks.map((t, i) => ({ at: t * size, text: digits(t) + (i === ticks.length - 1 ? ' ' + unit : '') }));
  };

  // What is drawn over time.
  const panels = [
    { key: 'goodput', title: 'Load and goodput', note: 'calls per second; grey is what was offered', format: rate, height: 190, load: true },
    { key: 'limit', title: 'Limit', note: 'calls that a guard lets be in flight', format: count, height: 190, whole: true },
    { key: 'inFlight', title: 'In flight', note: 'calls sent and not yet ended', format: count, height: 130, whole: true },
    { key: 'queue', title: 'Queue at the downstream', note: 'calls that wait there for a server', format: count, height: 130, whole: true },
    { key: 'p99', thin: 'p50', title: 'Latency', note: 'p99, and p50 as the thin line; log scale', format: time, height: 210, log: true },
  ];

  const labelWidth = 128; // of the names at the right, where there is room
  const left = 52, bottom = 20;

  class Scene {
    constructor(section, scene) {
      Object.assign(this, { section, scene, views: [], hovered: null });
      this.charts = section.querySelector('.charts');
      this.keys = section.querySelector('.keys');
      const laws = scene.guards.filter(g => !g.reference).sort((a, b) => b.score - a.score);
      const first = new Set([...(laws.length ? laws.slice(0, 5) : scene.guards).map(g => g.name), 'oracle']);
      for (const g of scene.guards) if (!shown.has(g.name)) shown.set(g.name, first.has(g.name));
      this.makeKeys();
      this.width = 0;
      this.fit();
      new ResizeObserver(() => this.fit()).observe(this.charts);
    }

    fit() {
      const width = Math.floor(this.charts.clientWidth);
      if (width && width !== this.width) { this.width = width; this.draw(); }
    }

    get visible() { return this.scene.guards.filter(g => shown.get(g.name)); }

    makeKeys() {
      for (const g of this.scene.guards) {
        const key = html(this.keys, 'button', 'key');
        key.type = 'button';
        key.dataset.guard = g.name;
        swatch(key, g);
        key.append(g.name);
        key.addEventListener('click', () => {
          shown.set(g.name, !shown.get(g.name));
          scenes.forEach(s => s.draw()); // guards keep their state from one scenario to the next
        });
      }
    }

    draw() {
      if (!this.width) return;
      this.hide();
      for (const key of this.keys.children) key.setAttribute('aria-pressed', String(!!shown.get(key.dataset.guard)));
      this.wide = this.width >= 760;
      this.right = this.wide ? labelWidth : 10;
      this.plotWidth = this.width - left - this.right;
      const focused = [...this.charts.children].indexOf(document.activeElement);
      this.charts.replaceChildren();
      this.views = [];
      panels.forEach((p, i) => this.drawPanel(p, i === 0 && (this.scene.faults.length > 0 || this.scene.changes.some(c => c.name))));
      this.drawBreakers();
      this.drawDecisions();
      if (focused >= 0 && this.charts.children[focused]) this.charts.children[focused].focus();
      this.drawScatter();
    }

    x(t) { return left + this.plotWidth * Math.min(1, Math.max(0, t / this.scene.duration)); }
    middle(i) { return this.x((i + 0.5) * this.scene.bin); }

    frame(title, note, height, extra) {
      const chart = html(this.charts, 'div', 'chart');
      chart.tabIndex = 0;
      chart.setAttribute('role', 'group');
      chart.setAttribute('aria-label', title + ' over time; arrow keys move along it');
      const header = html(chart, 'header');
      html(header, 'h3', '', title);
      if (note) html(header, 'span', '', note);
      if (extra) header.append(extra);
      const picture = svg(chart, 'svg', { width: this.width, height: height + bottom });
      return { chart, picture, height };
    }

    // ground is what lies behind the curves: faults, changes and the time axis.
    ground({ picture, height }, named) {
      const last = {};
      let free = -1;
      for (const f of this.scene.faults) {
        const from = this.x(f.from), width = Math.max(1.5, this.x(f.to) - from);
        svg(picture, 'rect', { class: 'faulted', x: from, y: 0, width, height });
        if (named && !last[f.name] && from > free) {
          const text = svg(picture, 'text', { class: 'fault-name', x: from, y: -5 }, f.name);
          last[f.name] = true;
          free = from + 8 + text.getComputedTextLength();
        }
      }
      free = -1;
      for (const c of this.scene.changes) {
        const x = this.x(c.at);
        if (c.at > 0) svg(picture, 'line', { class: 'change', x1: x, x2: x, y1: 0, y2: height });
        if (!named || !c.name || x <= free || this.scene.faults.length) continue;
        free = x + 8 + svg(picture, 'text', { x, y: -5 }, c.name).getComputedTextLength();
      }
      svg(picture, 'line', { class: 'axis', x1: left, x2: left + this.plotWidth, y1: height + .5, y2: height + .5 });
      const ticks = timeAxis(this.scene.duration, this.wide ? 10 : 6);
      ticks.forEach((t, i) => {
        const x = this.x(t.at);
        svg(picture, 'line', { class: 'axis', x1: x, x2: x, y1: height, y2: height + 4 });
        const end = i === ticks.length - 1 && !this.wide;
        svg(picture, 'text', { x: end ? x + 8 : x, y: height + 16, 'text-anchor': end ? 'end' : i === 0 ? 'start' : 'middle' }, t.text);
      });
    }

    drawPanel(panel, named) {
      const guards = this.visible.filter(g => g.series[panel.key].length);
      const values = guards.flatMap(g => g.series[panel.key].concat(panel.thin ? g.series[panel.thin] : []));
      const load = panel.load ? this.load() : [];
      const view = this.frame(panel.title, panel.note + (this.scene.clients > 1 && panel.whole && panel.key !== 'queue' ? `, summed over ${this.scene.clients} clients` : ''), panel.height);
      const { picture, height } = view;
      if (named) view.chart.classList.add('named');
      let scale;
      if (panel.log) {
        const some = values.filter(v => v > 0);
        if (this.scene.timeout && some.some(v => v > this.scene.timeout / 2)) some.push(this.scene.timeout);
        scale = some.length ? logarithmic(Math.min(...some), Math.max(...some), 9) : logarithmic(1e-3, 1, 9);
      } else {
        scale = linear(Math.max(0, ...values, ...load), height > 150 ? 5 : 3, panel.whole);
      }
      const y = v => height - scale.at(v) * (height - 6);
      this.ground(view, named);
      for (const t of scale.ticks) {
        if (t !== 0 || panel.log) svg(picture, 'line', { class: 'grid', x1: left, x2: left + this.plotWidth, y1: y(t), y2: y(t) });
        svg(picture, 'text', { x: left - 8, y: y(t) + 4, 'text-anchor': 'end' }, panel.format(t));
      }
      if (load.length) {
        const path = this.path(load, y);
        svg(picture, 'path', { class: 'load', d: `${path}L${this.middle(load.length - 1)},${height}L${this.middle(0)},${height}Z` });
        svg(picture, 'path', { class: 'load-line', d: path });
      }
      if (panel.log && this.scene.timeout && scale.at(this.scene.timeout) <= 1) {
        const at = y(this.scene.timeout);
        svg(picture, 'line', { class: 'bound', x1: left, x2: left + this.plotWidth, y1: at, y2: at });
        svg(picture, 'text', { x: left + 4, y: at < 14 ? at + 13 : at - 4 }, 'time-out ' + time(this.scene.timeout));
      }
      const ordered = [...guards].sort((a, b) => b.reference - a.reference);
      for (const g of ordered) {
        const group = svg(picture, 'g', { class: g.colour + (g.reference ? ' reference' : '') });
        if (panel.thin) svg(group, 'path', { class: 'curve thin', d: this.path(g.series[panel.thin], y, true) });
        svg(group, 'path', { class: 'curve', d: this.path(g.series[panel.key], y, panel.log) });
      }
      if (!guards.length) svg(picture, 'text', { class: 'hint', x: left + 10, y: height / 2 }, 'no guard that is shown has one');
      if (this.wide) this.names(view, guards.map(g => ({ guard: g, y: y(this.end(g.series[panel.key], panel.log)) })));
      this.listen(view, panel, guards, y);
    }

    // load is what was offered; in a closed loop it differs from guard to guard.
    load() {
      const g = this.visible.find(g => g.name === 'oracle') || this.visible[0] || this.scene.guards[0];
      return g.series.offered;
    }

    path(values, y, gaps) {
      let d = '', pen = 'M';
      values.forEach((v, i) => {
        if (v === null || gaps && !(v > 0)) { pen = 'M'; return; }
        d += `${pen}${this.middle(i).toFixed(1)},${y(v).toFixed(1)}`;
        if (pen === 'M' && gaps && !(values[i + 1] > 0)) d += 'h.01'; // a dot where neighbours have none
        pen = 'L';
      });
      return d;
    }

    end(values, gaps) {
      for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null && (!gaps || values[i] > 0)) return values[i];
      return NaN;
    }

    // names writes each guard's beside the end of its curve, apart from each other.
    names({ picture, height }, labels) {
      const pitch = 14;
      labels = labels.filter(l => isFinite(l.y)).sort((a, b) => a.y - b.y);
      for (const l of labels) l.at = l.y;
      for (let round = 0; round < 60; round++) {
        for (let i = 1; i < labels.length; i++) {
          const lack = labels[i - 1].at + pitch - labels[i].at;
          if (lack > 0) { labels[i - 1].at -= lack / 2; labels[i].at += lack / 2; }
        }
        if (labels.length) {
          labels[0].at = Math.max(labels[0].at, 4);
          labels[labels.length - 1].at = Math.min(labels[labels.length - 1].at, height - 2);
        }
      }
      const x = left + this.plotWidth;
      for (const l of labels) {
        const group = svg(picture, 'g', { class: l.guard.colour });
        svg(group, 'path', { class: 'leader', d: `M${x},${l.y}L${x + 10},${l.at}` });
        this.clipped(group, l.guard.name, { class: 'name', x: x + 14, y: l.at + 4 }, labelWidth - 16);
      }
    }

    clipped(parent, text, attributes, width) {
      const e = svg(parent, 'text', attributes, text);
      for (let n = text.length - 1; n > 3 && e.getComputedTextLength() > width; n--) e.textContent = text.slice(0, n) + '…';
      return e;
    }

    drawBreakers() {
      const guards = this.visible.filter(g => g.breaker && g.breaker.length);
      if (!guards.length) return;
      const legend = html(null, 'span', 'states');
      for (const [name, text] of [['closed', 'closed'], ['half', 'half-open'], ['open', 'open']]) {
        const item = html(legend, 'span');
        html(item, 'i', name);
        item.append(text);
      }
      this.rows('Breaker', this.scene.clients > 1 ? `how many of ${this.scene.clients} clients` : '', guards, 22, 11, (group, g, y) => {
        const n = this.scene.clients, h = 14;
        svg(group, 'rect', { class: 'closed', x: left, y, width: this.plotWidth, height: h });
        g.breaker.forEach((b, i) => {
          const next = g.breaker[i + 1], from = this.x(b.at), width = Math.max(2, this.x(next ? next.at : this.scene.duration) - from);
          const open = h * b.open / n, half = h * b.half / n;
          if (open) svg(group, 'rect', { class: 'open', x: from, y: y + h - open, width, height: open });
          if (half) svg(group, 'rect', { class: 'half', x: from, y: y + h - open - half, width, height: half });
        });
      }, legend);
    }

    drawDecisions() {
      const guards = this.visible.filter(g => g.decisions && g.decisions.length);
      if (!guards.length) return;
      const whose = this.scene.clients > 1 ? `; at each moment the largest move of ${this.scene.clients} clients` : '';
      this.rows('Decisions', 'up: the limit rose, down: it fell, dot: it stayed for another reason' + whose, guards, 26, 14, (group, g, y) => {
        const middle = y + 10;
        svg(group, 'line', { class: 'rail', x1: left, x2: left + this.plotWidth, y1: middle, y2: middle });
        let d = '';
        for (const e of g.decisions) {
          const x = this.x(e.at);
          if (e.from === e.to) { svg(group, 'circle', { class: 'hold', cx: x, cy: middle, r: 1.6 }); continue; }
          const size = Math.min(11, 2.5 + 9 * Math.abs(Math.log2(Math.max(1, e.to) / Math.max(1, e.from))));
          d += `M${x.toFixed(1)},${middle}v${(e.to > e.from ? -size : size).toFixed(1)}`;
        }
        svg(group, 'path', { class: 'move', d });
      });
    }

    // rows is a chart with a row for each guard.
    rows(title, note, guards, pitch, base, row, extra) {
      const named = !this.wide;
      const step = pitch + (named ? 14 : 0);
      const view = this.frame(title, note, guards.length * step + 2, extra);
      this.ground(view, false);
      guards.forEach((g, i) => {
        const y = i * step + (named ? 15 : 2);
        const group = svg(view.picture, 'g', { class: g.colour });
        row(group, g, y);
        if (named) svg(group, 'text', { class: 'name', x: left, y: y - 3 }, g.name);
        else this.clipped(group, g.name, { class: 'name', x: left + this.plotWidth + 14, y: y + base }, labelWidth - 16);
      });
      this.listen(view, null, guards, null, step);
    }

    drawScatter() {
      const figure = this.section.querySelector('.scatter');
      figure.replaceChildren();
      const mean = list => list.reduce((a, b) => a + b, 0) / list.length;
      const all = this.scene.guards.filter(g => g.runs && g.runs.length)
        .map(g => ({ g, p99: mean(g.runs.map(r => r[0])), goodput: mean(g.runs.map(r => r[1])) }));
      if (!all.length) return;
      // Guards that are far off would press the others into a corner.
      const most = Math.max(...all.map(p => p.goodput)), least = Math.min(...all.map(p => p.p99));
      const far = p => p.goodput < most / 2 || p.p99 > 8 * least;
      const near = all.some(p => !far(p)) ? all.filter(p => !far(p)) : all;
      const guards = near.map(p => p.g);
      const header = html(figure, 'div', 'chart');
      const head = html(header, 'header');
      html(head, 'h3', '', 'Goodput against p99');
      html(head, 'span', '', guards[0].runs.length > 1 ? 'a dot for each seed, larger ones are means; better is up and left' : 'better is up and to the left');
      const width = Math.max(240, Math.min(figure.clientWidth, 560)), height = 250, bottom = 34, right = 26;
      const picture = svg(header, 'svg', { width, height: height + bottom, role: 'img', 'aria-label': 'goodput against p99 latency, a point for each guard' });
      const points = guards.flatMap(g => g.runs);
      const scaleX = between(Math.min(...points.map(p => p[0])), Math.max(...points.map(p => p[0])), 4);
      const scaleY = between(Math.min(...points.map(p => p[1])), Math.max(...points.map(p => p[1])), 5);
      const x = v => left + scaleX.at(v) * (width - left - right), y = v => height - scaleY.at(v) * (height - 6);
      for (const t of scaleY.ticks) {
        svg(picture, 'line', { class: t === scaleY.ticks[0] ? 'axis' : 'grid', x1: left, x2: width - right, y1: y(t), y2: y(t) });
        svg(picture, 'text', { x: left - 8, y: y(t) + 4, 'text-anchor': 'end' }, rate(t));
      }
      for (const t of scaleX.ticks) {
        svg(picture, 'line', { class: 'axis', x1: x(t), x2: x(t), y1: height, y2: height + 4 });
        svg(picture, 'text', { x: x(t), y: height + 16, 'text-anchor': 'middle' }, time(t));
      }
      svg(picture, 'text', { x: (left + width - right) / 2, y: height + 31, 'text-anchor': 'middle' }, 'p99 latency');
      const taken = [], spots = [];
      for (const g of guards) {
        const cx = x(mean(g.runs.map(r => r[0]))), cy = y(mean(g.runs.map(r => r[1])));
        spots.push({ g, cx, cy });
        taken.push([cx - 6, cy - 6, cx + 6, cy + 6]);
      }
      for (const { g, cx, cy } of spots) {
        const group = svg(picture, 'g', { class: g.colour });
        if (g.runs.length > 1) for (const r of g.runs) svg(group, 'circle', { class: 'dot', cx: x(r[0]), cy: y(r[1]), r: 2.2 });
        svg(group, 'circle', { class: 'mean', cx, cy, r: g.reference ? 4.5 : 5.5 });
      }
      for (const { g, cx, cy } of spots) {
        const group = svg(picture, 'g', { class: g.colour });
        const text = this.clipped(group, g.name, { class: 'name', x: cx, y: cy }, 130);
        const w = text.getComputedTextLength(), h = 11;
        const free = ([a, b, c, d]) => a >= left && c <= width && b >= 0 && d <= height && !taken.some(t => a < t[2] && c > t[0] && b < t[3] && d > t[1]);
        let place = null;
        search: for (const gap of [9, 20, 32, 46, 62]) {
          for (const [px, py] of [[cx + gap, cy - h / 2], [cx - gap - w, cy - h / 2], [cx - w / 2, cy - gap - h], [cx - w / 2, cy + gap], [cx + gap * .7, cy - gap * .7 - h], [cx + gap * .7, cy + gap * .7], [cx - gap * .7 - w, cy + gap * .7], [cx - gap * .7 - w, cy - gap * .7 - h]]) {
            if (free([px, py, px + w, py + h])) { place = [px, py, gap]; break search; }
          }
        }
        if (!place) { text.remove(); svg(picture.lastChild, 'title', {}, g.name); continue; }
        const [px, py, gap] = place;
        text.setAttribute('x', px);
        text.setAttribute('y', py + h - 1.5);
        taken.push([px, py, px + w, py + h]);
        if (gap > 9) svg(group, 'line', { class: 'leader', x1: cx, y1: cy, x2: px > cx ? px - 1 : px + w < cx ? px + w + 1 : px + w / 2, y2: py > cy ? py : py + h < cy ? py + h : py + h / 2 });
      }
      const out = all.filter(p => !near.includes(p));
      if (out.length) html(header, 'p', 'note', 'Far off: ' + out.map(p => `${p.g.name} (${rate(p.goodput)} at ${time(p.p99)})`).join(', '));
    }

    // listen shows what a pointer or the arrow keys are at.
    listen(view, panel, guards, y, step) {
      const { chart, picture, height } = view;
      Object.assign(view, { panel, guards, y, step, spots: svg(picture, 'g', {}) });
      view.cross = svg(view.spots, 'line', { class: 'cross', y1: 0, y2: height, visibility: 'hidden' });
      this.views.push(view);
      const bins = this.scene.guards[0].series.goodput.length;
      const move = e => {
        const box = picture.getBoundingClientRect();
        const at = e.clientX - box.left, down = e.clientY - box.top;
        if (at < left - 4 || at > left + this.plotWidth + 4 || down > height + 4) { this.hide(); return; }
        const bin = Math.min(bins - 1, Math.max(0, Math.floor((at - left) / this.plotWidth * bins)));
        this.hover(view, bin, down, e.clientX, e.clientY);
      };
      chart.addEventListener('pointermove', move);
      chart.addEventListener('pointerdown', move);
      chart.addEventListener('pointerleave', () => this.hide());
      chart.addEventListener('blur', () => this.hide());
      chart.addEventListener('keydown', e => {
        const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[e.key];
        if (e.key === 'Escape') { this.hide(); return; }
        if (!by) return;
        e.preventDefault();
        const bin = Math.min(bins - 1, Math.max(0, (this.hovered ?? -1) + by));
        const box = picture.getBoundingClientRect();
        this.hover(view, bin, 0, box.left + this.middle(bin), box.top + height / 2);
      });
    }

    hide() {
      this.hovered = null;
      tip.hidden = true;
      for (const v of this.views) v.spots.replaceChildren();
    }

    hover(view, bin, down, clientX, clientY) {
      this.hovered = bin;
      const middle = this.middle(bin);
      for (const v of this.views) {
        v.spots.replaceChildren();
        svg(v.spots, 'line', { class: 'cross', x1: middle, x2: middle, y1: 0, y2: v.height });
        if (!v.panel) continue;
        for (const g of v.guards) {
          const value = g.series[v.panel.key][bin];
          if (value === null || v.panel.log && !(value > 0)) continue;
          svg(v.spots, 'circle', { class: 'spot ' + g.colour, cx: middle, cy: v.y(value), r: 3.5 });
        }
      }
      this.tell(view, bin, down);
      tip.hidden = false;
      const box = tip.getBoundingClientRect(), gap = 16;
      tip.style.left = (clientX + gap + box.width < innerWidth ? clientX + gap : Math.max(8, clientX - gap - box.width)) + 'px';
      tip.style.top = Math.max(8, Math.min(clientY + gap, innerHeight - box.height - 8)) + 'px';
    }

    // tell writes the numbers at a bin, and why the nearest guard decided as it did.
    tell(view, bin, down) {
      const { panel, guards } = view, at = (bin + 0.5) * this.scene.bin;
      tip.replaceChildren();
      const faults = [...new Set(this.scene.faults.filter(f => f.from <= at && at < f.to).map(f => f.name))];
      html(tip, 'h4', '', [time(at), ...faults].join(' · '));
      let focus = null;
      if (panel) {
        const value = g => g.series[panel.key][bin];
        const far = g => Math.abs(view.y(value(g)) - down);
        const laws = guards.filter(g => g.decisions && g.decisions.length || g.breaker && g.breaker.length);
        for (const g of laws) if (!focus || far(g) < far(focus)) focus = g;
        const table = html(tip, 'table');
        const row = (g, name, text) => {
          const tr = html(table, 'tr', g && g === focus ? 'focus' : '');
          const cell = html(tr, 'td');
          if (g) swatch(cell, g);
          cell.append(name);
          for (const t of text) html(tr, 'td', '', t);
        };
        if (panel.load) row(null, 'offered', [rate(this.load()[bin])]);
        if (panel.thin) row(null, '', ['p50', 'p99']);
        for (const g of [...guards].sort((a, b) => value(b) - value(a))) {
          const text = v => v === null || panel.log && !(v > 0) ? '–' : panel.format(v);
          row(g, g.name, panel.thin ? [text(g.series[panel.thin][bin]), text(value(g))] : [text(value(g))]);
        }
      } else {
        focus = guards[Math.min(guards.length - 1, Math.max(0, Math.floor(down / view.step)))];
      }
      if (focus) this.why(focus, bin);
    }

    why(g, bin) {
      const until = (bin + 1) * this.scene.bin, many = this.scene.clients > 1;
      const last = list => (list || []).filter(e => e.at < until).pop();
      const b = last(g.breaker);
      if (b) {
        const p = html(tip, 'p');
        html(p, 'b', '', g.name + ' ');
        p.append(many ? `breakers: ${b.open} open, ${b.half} half-open of ${this.scene.clients}` : `breaker is ${b.open ? 'open' : b.half ? 'half-open' : 'closed'} since ${time(b.at)}`);
      }
      const d = last(g.decisions);
      if (d) {
        const p = html(tip, 'p', 'decision');
        html(p, 'b', '', g.name + ' ');
        p.append((many ? `client ${d.client + 1}, ` : '') + d.decision);
      }
    }
  }

  const scenes = [];
  for (const section of document.querySelectorAll('.scene')) scenes.push(new Scene(section, data.scenarios[+section.dataset.scene]));
})();
