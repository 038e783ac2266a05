'use strict';
// Asks for the numbers once a second and draws the last five minutes of them. No
// library; all text goes in as text.
(() => {
  const every = 1000, longest = 300; // ms, s
  const main = document.querySelector('main');
  const state = document.querySelector('.state');
  const pause = document.querySelector('button');
  const past = new Map(); // place on the page → samples of the last five minutes
  let paused = false, shown = null;

  const svgNS = 'http://www.w3.org/2000/svg';
  const svg = (parent, name, attributes, text) => {
    const e = document.createElementNS(svgNS, name);
    for (const k in attributes) e.setAttribute(k, attributes[k]);
    if (text !== undefined) e.textContent = text;
    parent.append(e);
    return e;
  };
  const html = (parent, name, className, text) => {
    const e = document.createElement(name);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    parent.append(e);
    return e;
  };
  const sum = (counts, ...but) => Object.entries(counts || {}).reduce((n, [k, v]) => but.includes(k) ? n : n + v, 0);
  const number = v => v >= 10000 ? +(v / 1000).toFixed(1) + 'k' : v >= 100 ? v.toFixed(0) : String(+v.toFixed(1));

  // A sample is what the charts need of a report. at is on the limiter's clock.
  const sample = r => ({
    at: r.at_seconds, limit: r.limit, flight: r.in_flight, wait: r.waiting,
    shut: Boolean(r.breaker && !r.breaker.passes || r.retry_after_seconds),
    good: (r.ended.success || 0), bad: sum(r.ended, 'success', 'ignored'), reject: sum(r.rejected),
  });

  const remember = (key, l) => {
    const now = sample(l.report);
    let samples = past.get(key);
    if (!samples || samples.length && samples[samples.length - 1].at > now.at) {
      samples = []; // new, or another limiter: what is known of its past are its decisions
      for (const d of [...l.decisions].reverse()) samples.push({ at: d.at_seconds, limit: d.to });
      past.set(key, samples);
    }
    samples.push(now);
    while (samples.length > 1 && samples[1].at < now.at - longest) samples.shift();
    return samples;
  };

  // Rates between neighbours, per second.
  const rates = samples => {
    const out = [];
    for (let i = 1; i < samples.length; i++) {
      const a = samples[i - 1], b = samples[i], t = b.at - a.at;
      if (!(t > 0) || a.good === undefined) continue;
      const per = k => Math.max(0, b[k] - a[k]) / t;
      out.push({ at: b.at, good: per('good'), bad: per('bad'), reject: per('reject'), shut: b.shut });
    }
    return out;
  };

  const roundUp = v => {
    const p = 10 ** Math.floor(Math.log10(v));
    for (const m of [1, 2, 2.5, 5, 10]) if (m * p >= v * (1 - 1e-9)) return m * p;
  };

  const draw = (figure, samples, now, span, curves) => {
    const old = figure.querySelector('svg');
    const width = Math.max(200, figure.clientWidth), height = 130, left = 38, bottom = 18, top = 8;
    const s = document.createElementNS(svgNS, 'svg');
    s.setAttribute('viewBox', `0 0 ${width} ${height}`);
    s.setAttribute('role', 'img');
    const most = Math.max(1, ...samples.flatMap(p => curves.map(c => p[c.key] || 0)));
    const step = Math.max(most > 4 ? 1 : .5, roundUp(most / 3)), high = step * Math.ceil(most / step - 1e-9);
    const x = at => left + (width - left) * (1 - (now - at) / span);
    const y = v => top + (height - top - bottom) * (1 - v / high);
    for (let v = 0; v <= high * (1 + 1e-9); v += step) {
      svg(s, 'line', { class: 'grid', x1: left, x2: width, y1: y(v), y2: y(v) });
      svg(s, 'text', { x: left - 6, y: y(v) + 4, 'text-anchor': 'end' }, number(v));
    }
    const mark = [120, 60, 20].find(m => 2 * m < span);
    for (const ago of [2 * mark, mark, 0]) {
      svg(s, 'text', { x: x(now - ago), y: height - 3, 'text-anchor': ago ? 'middle' : 'end' }, !ago ? 'now' : ago < 60 ? `${ago} s ago` : `${ago / 60} min ago`);
    }
    samples.forEach((p, i) => {
      const from = Math.max(left, x(p.at)), to = i + 1 < samples.length ? x(samples[i + 1].at) : width;
      if (p.shut && to > from) svg(s, 'rect', { class: 'shut', x: from, width: to - from, y: top, height: height - top - bottom });
    });
    for (const c of curves) {
      let d = '', last = null, first = null;
      for (const p of samples) {
        if (p[c.key] === undefined) continue;
        const px = Math.max(left, x(p.at)), py = y(p[c.key]);
        d += last === null ? `M${px.toFixed(1)} ${py.toFixed(1)}` : (c.steps ? `H${px.toFixed(1)}V${py.toFixed(1)}` : `L${px.toFixed(1)} ${py.toFixed(1)}`);
        if (first === null) first = px;
        last = px;
      }
      if (last === null) continue;
      if (c.area) d += `L${last.toFixed(1)} ${y(0)}L${first.toFixed(1)} ${y(0)}Z`;
      svg(s, 'path', { class: c.key + (c.area ? ' area' : ''), d });
    }
    const latest = samples[samples.length - 1] || {};
    s.setAttribute('aria-label', curves.map(c => `${c.name} ${number(latest[c.key] || 0)}`).join(', '));
    if (old) old.replaceWith(s); else figure.append(s);
  };

  const charts = [
    { of: s => s, curves: [{ key: 'flight', name: 'in flight', area: true }, { key: 'wait', name: 'waiting' }, { key: 'limit', name: 'limit', steps: true }] },
    { of: rates, curves: [{ key: 'good', name: 'succeeded per second', area: true }, { key: 'bad', name: 'failed, refused, late' }, { key: 'reject', name: 'rejected' }] },
  ];

  const text = (e, t) => { if (e.textContent !== t) e.textContent = t; };

  const update = (section, key, l) => {
    const r = l.report;
    section.className = r.breaker && !r.breaker.passes || r.retry_after_seconds ? 'off' : r.in_flight >= r.limit ? 'full' : 'free';
    text(section.querySelector('.explain'), l.explain);
    const dl = section.querySelector('dl');
    while (dl.children.length > l.facts.length) dl.lastChild.remove();
    l.facts.forEach((f, i) => {
      const div = dl.children[i] || html(dl, 'div');
      if (!div.children.length) { html(div, 'dt'); html(div, 'dd'); }
      text(div.children[0], f.name);
      text(div.children[1], f.value);
    });
    const ol = section.querySelector('ol');
    if (!l.decisions.length || ol.firstElementChild === null || ol.firstElementChild.textContent !== l.decisions[0].sentence) {
      ol.replaceChildren();
      for (const d of l.decisions) html(ol, 'li', d.from !== d.to ? 'moved' : '', d.sentence);
    }
    const samples = remember(key, l), place = section.querySelector('.charts');
    if (!place.children.length) {
      for (const c of charts) { // all before one is drawn: they share the width
        const caption = html(html(place, 'figure'), 'figcaption');
        for (const curve of c.curves) html(caption, 'span', curve.key, curve.name);
      }
    }
    const now = r.at_seconds, span = Math.min(longest, Math.max(60, now - samples[0].at));
    charts.forEach((c, i) => draw(place.children[i], c.of(samples), now, span, c.curves));
  };

  // The sections are the server's; when other limiters are there, so are others.
  const rebuild = async () => {
    const answer = await fetch('?format=html', { cache: 'no-store' });
    if (!answer.ok) throw new Error(answer.status);
    const other = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const e of [...main.children]) if (e.tagName !== 'HEADER') e.remove();
    for (const e of [...other.querySelector('main').children]) if (e.tagName !== 'HEADER') main.append(document.importNode(e, true));
  };

  const look = async () => {
    const answer = await fetch('?format=json', { cache: 'no-store', signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error('the server answers ' + answer.status);
    const view = await answer.json();
    const names = JSON.stringify([view.limiters.map(l => l.report.name), view.left_off || 0]);
    if (shown !== null && shown !== names) await rebuild();
    shown = names;
    const sections = main.querySelectorAll('section');
    if (sections.length !== view.limiters.length) { shown = ''; return; } // changed meanwhile: the next look has it
    const seen = new Map(), keys = new Set();
    view.limiters.forEach((l, i) => {
      const n = seen.get(l.report.name) || 0; // two may have one name
      seen.set(l.report.name, n + 1);
      const key = n + ' ' + l.report.name;
      keys.add(key);
      update(sections[i], key, l);
    });
    for (const key of past.keys()) if (!keys.has(key)) past.delete(key);
  };

  const loop = async () => {
    if (!paused && !document.hidden) {
      try {
        await look();
        state.className = 'state';
        text(state, 'live');
      } catch (e) {
        state.className = 'state lost';
        text(state, 'The numbers are old: ' + e.message);
      }
    }
    setTimeout(loop, every);
  };
  pause.hidden = false;
  pause.addEventListener('click', () => {
    paused = !paused;
    text(pause, paused ? 'Go on' : 'Pause');
    text(state, paused ? 'paused' : 'live');
  });
  loop();
})();
