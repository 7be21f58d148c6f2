/* Draws the page of `mmsim report` from the JSON that it carries. No library, no network. */
"use strict";
(function () {
	const data = JSON.parse(document.getElementById("data").textContent);
	const main = document.getElementById("main");
	const tip = document.getElementById("tip");
	main.textContent = "";

	/* ---- small helpers ---- */

	function make(name, attributes, ...children) {
		const e = document.createElement(name);
		return fill(e, attributes, children);
	}
	function shape(name, attributes, ...children) {
		const e = document.createElementNS("http://www.w3.org/2000/svg", name);
		return fill(e, attributes, children);
	}
	function fill(e, attributes, children) {
		for (const [k, v] of Object.entries(attributes || {}))
			if (v !== null && v !== undefined)
				e.setAttribute(k, v);
		for (const c of children)
			e.append(c);
		return e;
	}
	function section(title, about) {
		const s = make("section", {}, make("h2", {}, title));
		if (about)
			s.append(make("p", { class: "about" }, about));
		main.append(s);
		return s;
	}

	/* 1,234,567; 12.3; 0.00456; 1.23 M where it is long */
	function number(v) {
		if (v === null || v === undefined || !isFinite(v))
			return "\u2013";
		if (Number.isInteger(v))
			return v.toLocaleString("en-US");
		const a = Math.abs(v);
		return v.toLocaleString("en-US", a >= 100 ? { maximumFractionDigits: 1 } : { maximumSignificantDigits: 4 });
	}
	function brief(v) {
		const a = Math.abs(v);
		for (const [unit, by] of [["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3]])
			if (a >= by && (by > 1e3 || a >= 1e5))
				return (v / by).toLocaleString("en-US", { maximumSignificantDigits: 4 }) + "\u00a0" + unit;
		return number(v);
	}
	function percent(part, whole) {
		if (!whole)
			return "\u2013";
		const p = 100 * part / whole;
		return p > 0 && p < 0.01 ? "<0.01 %" : p.toFixed(p < 10 ? 2 : 1) + " %";
	}

	/* ---- hover ---- */

	function place(x, y) {
		const w = tip.offsetWidth, h = tip.offsetHeight;
		tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - w - 4)) + "px";
		tip.style.top = (y + 18 + h > innerHeight ? Math.max(4, y - h - 10) : y + 18) + "px";
	}
	function show(text, x, y) {
		tip.textContent = text;
		tip.hidden = false;
		place(x, y);
	}
	function hide() {
		tip.hidden = true;
	}
	/* A mark says its text on hover, touch and focus, and to those who listen instead of looking. */
	function says(e, text) {
		e.setAttribute("tabindex", "0");
		e.setAttribute("role", "img");
		e.setAttribute("aria-label", text.replace(/\n/g, ", "));
		e.classList.add("mark");
		e.addEventListener("pointermove", ev => show(text, ev.clientX, ev.clientY));
		e.addEventListener("pointerdown", ev => show(text, ev.clientX, ev.clientY));
		e.addEventListener("pointerleave", hide);
		e.addEventListener("focus", () => {
			const r = e.getBoundingClientRect();
			show(text, r.left + r.width / 2, r.top + r.height / 2);
		});
		e.addEventListener("blur", hide);
		return e;
	}
	addEventListener("scroll", hide, { passive: true });

	/* ---- tables that sort ---- */

	/* columns: [{ name, number, long }]; rows: arrays of values or { show, value }. */
	function table(columns, rows, options) {
		const body = make("tbody");
		const heads = columns.map((c, i) => {
			const b = make("button", { type: "button" }, c.name);
			const th = make("th", { scope: "col", class: c.number ? "n" : null }, b);
			b.addEventListener("click", () => sort(i));
			return th;
		});
		const value = cell => cell !== null && typeof cell === "object" ? cell.value : cell;
		const shown = cell => cell !== null && typeof cell === "object" ? cell.show :
			typeof cell === "number" ? number(cell) : cell === null ? "\u2013" : cell;
		let order = rows.slice(), at = -1, rising = false;

		function draw(filter) {
			body.textContent = "";
			for (const row of order) {
				if (filter && !row.some(c => String(value(c)).toLowerCase().includes(filter)))
					continue;
				body.append(make("tr", {}, ...row.map((c, i) =>
					make("td", { class: columns[i].number ? "n" : columns[i].long ? "long" : null }, shown(c)))));
			}
		}
		function compare(a, b) {
			const x = value(a), y = value(b);
			if (x === null || y === null)
				return (x === null) - (y === null);
			return typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
		}
		function sort(i) {
			rising = at === i ? !rising : !columns[i].number;
			at = i;
			order = rows.slice().sort((a, b) => rising ? compare(a[i], b[i]) : compare(b[i], a[i]));
			heads.forEach((h, k) => h.toggleAttribute("aria-sort", false));
			heads[i].setAttribute("aria-sort", rising ? "ascending" : "descending");
			draw(search && search.value.toLowerCase());
		}
		const search = options && options.search ? make("input", { type: "search", placeholder: options.search, "aria-label": options.search }) : null;
		const t = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body);
		const box = make("div", { class: "scroll" + (rows.length > 15 ? " tall" : ""), tabindex: "0", role: "region", "aria-label": (options && options.name) || "table" }, t);
		draw();
		if (search)
			search.addEventListener("input", () => draw(search.value.toLowerCase()));
		return search ? make("div", {}, search, box) : box;
	}

	/* ---- axes ---- */

	const W = 720;
	const narrow = () => main.clientWidth < 520;

	function canvas(height, label, width) {
		return shape("svg", { viewBox: "0 0 " + (width || W) + " " + height, role: "group", "aria-label": label });
	}
	function text(x, y, s, attributes) {
		return shape("text", Object.assign({ x, y }, attributes || {}), s);
	}
	function ticks(low, high, n) {
		const rough = (high - low) / n || 1, p = Math.pow(10, Math.floor(Math.log10(rough)));
		const step = p * (rough > 5 * p ? 10 : rough > 2 * p ? 5 : rough > p ? 2 : 1), at = [];
		for (let v = Math.ceil(low / step - 1e-9) * step; v <= high * (1 + 1e-12) + 1e-300; v += step)
			at.push(Math.abs(v) < step / 1e6 ? 0 : v);
		return at;
	}
	function decades(low, high) {
		const at = [];
		for (let e = Math.ceil(Math.log10(low) - 1e-9); Math.pow(10, e) <= high * 1.0001; e++)
			at.push(Math.pow(10, e));
		return at;
	}
	/* One scale: a value's place, and its ticks. */
	function scale(low, high, from, to, log) {
		const f = log ? Math.log10 : v => v, a = f(low), b = f(high);
		const s = v => from + (f(v) - a) / (b - a || 1) * (to - from);
		s.ticks = n => log ? decades(low, high) : ticks(low, high, n);
		return s;
	}
	function frame(svg, x, y, box, names, labels) {
		for (const v of y.ticks(5)) {
			svg.append(shape("line", { class: "grid", x1: box.left, x2: box.right, y1: y(v), y2: y(v) }));
			svg.append(text(box.left - 8, y(v) + 4, labels.y(v), { "text-anchor": "end" }));
		}
		for (const v of labels.at || x.ticks(narrow() ? 4 : 7)) {
			svg.append(shape("line", { class: "axis", x1: x(v), x2: x(v), y1: box.bottom, y2: box.bottom + 5 }));
			svg.append(text(x(v), box.bottom + 20, labels.x(v), { "text-anchor": "middle" }));
		}
		svg.append(shape("line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
		svg.append(shape("line", { class: "axis", x1: box.left, x2: box.left, y1: box.top, y2: box.bottom }));
		svg.append(text((box.left + box.right) / 2, box.bottom + 42, names.x, { "text-anchor": "middle", class: "soft" }));
		svg.append(text(box.left - 8, box.top - 12, names.y, { "text-anchor": "start", class: "soft", dx: 8 - box.left + 4 }));
	}
	function legend(entries) {
		return make("div", { class: "legend" }, ...entries.map(([name, colour]) =>
			make("span", {}, make("i", { style: "border-color: var(" + colour + ")" }), name)));
	}

	/* Horizontal bars: [label, value, shown, hover]. */
	function bars(rows, label) {
		const width = narrow() ? 400 : W, left = narrow() ? 128 : 170, right = narrow() ? 74 : 110, row = 24;
		const most = Math.max(...rows.map(r => r[1]), 1e-300), svg = canvas(rows.length * row + 6, label, width);
		rows.forEach(([name, v, shown, hover], i) => {
			const y = i * row + 3, w = (width - left - right) * v / most;
			svg.append(text(left - 8, y + 15, name, { "text-anchor": "end" }));
			svg.append(text(left + w + 6, y + 15, shown));
			svg.append(shape("rect", { class: "bar", x: left, y: y + 2, width: Math.max(w, 1), height: row - 6 }));
			svg.append(says(shape("rect", { class: "hit", x: 0, y, width, height: row - 1 }), hover));
		});
		return make("figure", {}, svg);
	}

	/* Lines over x: series [{ name, colour, points [[x, y, low, high]] }]. */
	function chart(o) {
		const width = narrow() ? 400 : W, height = 320;
		const svg = canvas(height, o.label, width);
		const box = { left: narrow() ? 74 : 76, right: width - 16, top: 34, bottom: height - 52 };
		const all = o.series.flatMap(s => s.points);
		const lowX = o.lowX ?? Math.min(...all.map(p => p[0])), highX = o.highX ?? Math.max(...all.map(p => p[0]));
		const lows = all.map(p => p[2] ?? p[1]), highs = all.map(p => p[3] ?? p[1]);
		let lowY = o.lowY ?? Math.min(...lows), highY = o.highY ?? Math.max(...highs);
		if (!o.logY && o.lowY === undefined) {
			const room = (highY - lowY) * 0.08 || Math.abs(highY) * 0.05 || 1;
			lowY = lowY >= 0 && lowY < (highY - lowY) * 1.5 ? 0 : lowY - room;
			highY += room;
		}
		const pad = o.logX ? 1.08 : 0;
		const x = o.logX ? scale(lowX / pad, highX * pad, box.left, box.right, true) :
			scale(lowX - (highX - lowX || 1) * (o.pad || 0), highX + (highX - lowX || 1) * (o.pad || 0), box.left, box.right);
		const y = scale(lowY, highY, box.bottom, box.top, o.logY);
		frame(svg, x, y, box, o, { x: o.labelX || brief, y: o.labelY || brief, at: o.ticksX });
		for (const s of o.series) {
			if (s.points.some(p => p[2] !== undefined && p[2] !== null)) {
				const band = s.points.filter(p => p[2] !== null && p[2] !== undefined);
				const there = band.map(p => x(p[0]).toFixed(1) + "," + y(p[3]).toFixed(1));
				const back = band.slice().reverse().map(p => x(p[0]).toFixed(1) + "," + y(p[2]).toFixed(1));
				svg.append(shape("polygon", { points: there.concat(back).join(" "), style: "fill: var(" + s.colour + "); opacity: 0.22" }));
			}
			const path = s.points.map((p, i) => (i && o.stairs ? "H" + x(p[0]).toFixed(1) + "V" + y(p[1]).toFixed(1) :
				(i ? "L" : "M") + x(p[0]).toFixed(1) + " " + y(p[1]).toFixed(1))).join("");
			svg.append(shape("path", { d: path, style: "fill: none; stroke-width: 2; stroke: var(" + s.colour + ")" }));
			for (const p of s.dots || (o.dots ? s.points : []))
				svg.append(shape("circle", { cx: x(p[0]), cy: y(p[1]), r: 3.5, style: "fill: var(" + s.colour + ")" }));
		}
		hoverLine(svg, x, y, box, o);
		return make("figure", {}, ...(o.series.length > 1 ? [legend(o.series.map(s => [s.name, s.colour]))] : []), svg);
	}
	/* A vertical line that follows the pointer and reads all series there. */
	function hoverLine(svg, x, y, box, o) {
		const line = shape("line", { class: "axis", y1: box.top, y2: box.bottom, visibility: "hidden" });
		const area = shape("rect", { class: "hit", x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top, "data-hover": "line" });
		const xs = [...new Set(o.series.flatMap(s => s.points.map(p => p[0])))].sort((a, b) => a - b);
		function move(ev) {
			const r = svg.getBoundingClientRect(), at = (ev.clientX - r.left) / r.width * svg.viewBox.baseVal.width;
			let best = xs[0];
			for (const v of xs)
				if (Math.abs(x(v) - at) < Math.abs(x(best) - at))
					best = v;
			line.setAttribute("x1", x(best));
			line.setAttribute("x2", x(best));
			line.setAttribute("visibility", "visible");
			const lines = o.series.map(s => [s, reading(s.points, best, o.stairs)]).filter(e => e[1]);
			show((o.hoverX || o.labelX || brief)(best) + " " + (o.unitX || "") + "\n" +
				lines.map(([s, p]) => (o.series.length > 1 ? s.name + ": " : "") + (o.hoverY || number)(p[1]) +
					(p[2] !== undefined && p[2] !== null ? " (" + number(p[2]) + " to " + number(p[3]) + ")" : "")).join("\n"), ev.clientX, ev.clientY);
		}
		area.addEventListener("pointermove", move);
		area.addEventListener("pointerdown", move);
		area.addEventListener("pointerleave", () => {
			line.setAttribute("visibility", "hidden");
			hide();
		});
		svg.append(line, area);
	}
	function reading(points, at, stairs) {
		let last = null;
		for (const p of points) {
			if (p[0] === at)
				last = p;
			else if (stairs && p[0] < at)
				last = p;
		}
		return last;
	}

	/* Tiles of a heat map: rows and columns of labels, cells { v, shown, hover, share }. */
	const cividis = [[0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 120], [165, 156, 116], [195, 179, 105], [225, 204, 85], [254, 232, 56]];
	function colour(share) {
		const at = Math.max(0, Math.min(1, share)) * (cividis.length - 1), i = Math.min(Math.floor(at), cividis.length - 2), f = at - i;
		return "rgb(" + cividis[i].map((c, k) => Math.round(c + (cividis[i + 1][k] - c) * f)).join(",") + ")";
	}
	function heat(o) {
		const width = narrow() ? 400 : W, left = narrow() ? 84 : 130, top = 8, cell = (width - left - 8) / o.columns.length;
		const row = o.rows.length > 12 ? 26 : 40, svg = canvas(top + row * o.rows.length + 50, o.label, width);
		const size = cell < 44 ? 10 : cell < 60 ? 11 : 13;
		o.rows.forEach((r, i) => {
			svg.append(text(left - 8, top + row * i + row / 2 + 4, r, { "text-anchor": "end" }));
			o.columns.forEach((c, k) => {
				const d = o.cell(i, k), x = left + cell * k, y = top + row * i;
				const tile = shape("rect", { x: x + 1, y: y + 1, width: cell - 2, height: row - 2, style: d ? "fill:" + colour(d.share) : "fill: var(--panel)" });
				svg.append(d ? says(tile, d.hover) : tile);
				if (d)
					svg.append(text(x + cell / 2, y + row / 2 + 4, d.shown, { "text-anchor": "middle", "font-size": size,
						style: "fill:" + (d.share < 0.55 ? "#fff" : "#000") + "; pointer-events: none" }));
			});
		});
		o.columns.forEach((c, k) => svg.append(text(left + cell * (k + 0.5), top + row * o.rows.length + 18, c, { "text-anchor": "middle", "font-size": size })));
		svg.append(text(left + (width - left) / 2, top + row * o.rows.length + 42, o.x, { "text-anchor": "middle", class: "soft" }));
		return make("figure", {}, ...(o.y ? [make("p", { class: "about" }, o.y)] : []), svg);
	}

	/* What depends on the width is drawn again when that changes. */
	const redraw = [];
	function live(parent, draw) {
		const box = make("div");
		parent.append(box);
		const again = () => box.replaceChildren(draw());
		again();
		redraw.push(again);
		return again;
	}
	let was = narrow();
	addEventListener("resize", () => {
		if (narrow() !== was) {
			was = narrow();
			redraw.forEach(f => f());
		}
	});

	/* ---- a run ---- */

	const partNames = {
		base: "issue", fetch: "instruction fetch", itlb: "ITLB (STLB hit)", dtlb: "DTLB (STLB hit)", walk: "page walk",
		l1: "L1", l2: "L2", l3: "L3", l4: "L4", dram: "DRAM", remote: "other core", store_buffer: "store buffer full",
		mshr_full: "MSHRs full", ipi: "interrupts", lock: "locks", io_wait: "I/O wait", "switch": "thread switch", idle: "idle",
	};
	const partName = p => partNames[p] || (p.startsWith("kernel.") ? "kernel: " + p.slice(7) : p);

	function tiles(figures) {
		return make("div", { class: "tiles" }, ...figures.map(([name, v, unit]) =>
			make("div", { class: "tile" }, make("span", {}, name), make("b", {}, brief(v)), make("span", {}, unit === name ? "" : unit))));
	}
	function drawStack(run) {
		const total = run.stack.reduce((n, p) => n + p[1], 0);
		const shown = run.stack.filter(p => p[1] >= 0.002 * total), rest = total - shown.reduce((n, p) => n + p[1], 0);
		const insns = (run.counters.filter(c => /^core\d+\.instructions$/.test(c[0])).reduce((n, c) => n + c[1], 0)) || 1;
		if (!total)
			return;
		if (rest > 0)
			shown.push(["all the rest", rest]);
		const s = section("Where the cycles went", "Every cycle belongs to what the oldest unfinished instruction waited for.");
		live(s, () => bars(shown.map(([part, n]) => [partName(part), n, percent(n, total),
			partName(part) + "\n" + number(n) + " cycles, " + percent(n, total) + "\n" + number(n / insns) + " cycles per instruction"]), "Cycle stack"));
	}
	/* The share of accesses that took longer than each latency. */
	function tailPoints(curve) {
		const all = curve.reduce((n, p) => n + p[1], 0), points = [];
		let left = all;
		for (const [cycles, n] of curve) {
			left -= n;
			points.push([Math.max(cycles, 1), Math.max(left / all, 0.5 / all)]);
		}
		return points;
	}
	function percentiles(curve) {
		const all = curve.reduce((n, p) => n + p[1], 0), wanted = [0.5, 0.9, 0.99, 0.999, 0.9999], out = [];
		let seen = 0, k = 0;
		for (const [cycles, n] of curve) {
			seen += n;
			while (k < wanted.length && seen >= wanted[k] * all)
				out.push([Math.max(cycles, 1), 1 - wanted[k++]]);
		}
		return out;
	}
	function drawLatency(run) {
		const series = [["load", "loads", "--c0"], ["store", "stores", "--c1"]].filter(([k]) => run.latency[k] && run.latency[k].length)
			.map(([k, name, colour]) => ({ name, colour, points: [[1, 1]].concat(tailPoints(run.latency[k])), dots: percentiles(run.latency[k]) }));
		if (!series.length)
			return;
		const s = section("How long accesses took", "The share that took longer; dots are p50, p90, p99, p99.9 and p99.99. From the cycle at which an access could start to its data, page walks and faults included.");
		const least = Math.min(...series.flatMap(q => q.points.map(p => p[1])));
		live(s, () => chart({ label: "Latency, complementary cumulative distribution", series, logX: true, logY: true, stairs: true, lowY: least, highY: 1,
			x: "latency (cycles)", y: "share that took longer", unitX: "cycles", labelX: brief,
			labelY: v => v >= 0.01 ? (100 * v).toFixed(0) + " %" : (100 * v).toPrecision(1).replace(/e-(\d+)/, "e\u2212$1") + " %",
			hoverY: v => percent(v, 1) + " took longer" }));
		s.append(table([{ name: "accesses" }, { name: "number", number: true }, { name: "mean", number: true }, { name: "p50", number: true }, { name: "p90", number: true },
			{ name: "p99", number: true }, { name: "p99.9", number: true }, { name: "longest", number: true }],
			run.spread.map(r => [{ load: "loads", store: "stores", fetch: "slow fetches", pte: "PTE reads", kernel: "kernel's own" }[r[0]] || r[0], ...r.slice(1)]), { name: "latencies in cycles" }));
	}
	function drawServed(run) {
		const loads = run.served.load;
		if (!loads || !loads.rows.length)
			return;
		const all = loads.cells.reduce((n, c) => n + c[0], 0), time = loads.cells.reduce((n, c) => n + c[0] * c[1], 0);
		const s = section("Where loads were served", "Level that had the data by how the address was translated: share of the loads, and in colour the share of their time.");
		live(s, () => heat({ label: "Loads by level and translation", rows: loads.rows, columns: loads.columns, x: "level that had the data",
			cell: (i, k) => {
				const [n, mean] = loads.cells[i * loads.columns.length + k];
				return n ? { share: n * mean / time, shown: percent(n, all), hover: loads.rows[i] + ", " + loads.columns[k] + "\n" + number(n) + " loads, " + percent(n, all) +
					"\nmean " + number(mean) + " cycles\n" + percent(n * mean, time) + " of all loads' time" } : null;
			} }));
		s.append(make("p", { class: "about" }, "Mean access time by level: of the loads that got as far as a level."));
		s.append(table([{ name: "level" }, { name: "loads that got there", number: true }, { name: "of all", number: true }, { name: "their mean, cycles", number: true }],
			run.amat.map(a => [a[0], a[1], { value: a[1], show: percent(a[1], run.amat[0][1]) }, a[2]]), { name: "AMAT by level" }));
	}
	function drawIntervals(run) {
		const t = run.intervals;
		if (!t || !Object.keys(t.series).length)
			return;
		const s = section("Over time", "By interval of the replay.");
		const pick = make("select", { "aria-label": "what is drawn" }, ...Object.keys(t.series).map(n => make("option", {}, n)));
		s.append(make("div", { class: "choose" }, make("label", {}, "figure", pick)));
		const again = live(s, () => {
			const q = t.series[pick.value];
			return chart({ label: pick.value + " over time", series: [{ name: pick.value, colour: "--c0", points: t.ms.map((ms, i) => [ms, q.at[i]]) }],
				x: "time (ms)", y: pick.value + " (" + q.unit + ")", unitX: "ms", labelX: number });
		});
		pick.addEventListener("change", again);
	}
	const isNumber = v => /^-?\d+(\.\d+)?$/.test(v);
	function drawTables(run) {
		for (const t of run.tables) {
			const s = section(t.name, t.about + (t.all > t.rows.length ? " The first " + t.rows.length + " of " + number(t.all) + " rows." : ""));
			const numeric = t.head.map((h, i) => t.rows.every(r => r[i] === undefined || r[i] === "" || isNumber(r[i])));
			const long = new Set(["mapping", "symbol"]);
			s.append(table(t.head.map((h, i) => ({ name: h.replace(/_/g, " "), number: numeric[i] && t.rows.some(r => r[i]), long: long.has(h) && t.rows.some(r => (r[i] || "").length > 40) })),
				t.rows.map(r => t.head.map((h, i) => numeric[i] && r[i] ? Number(r[i]) : r[i] || "")), { name: t.name }));
		}
	}
	function details(title, node, long) {
		return make("details", { class: long ? "longlist" : null }, make("summary", {}, title), node);
	}
	function drawRun(run) {
		const wanted = new Set(["IPC", "L1I MPKI", "L1D MPKI", "L2 MPKI", "L3 MPKI", "DTLB MPKI", "walk share", "load mean", "load p99", "load p99.9"]);
		document.querySelector("header").append(tiles(run.figures.filter(f => wanted.has(f[0]))));
		drawStack(run);
		drawLatency(run);
		drawServed(run);
		drawIntervals(run);
		drawTables(run);
		const counters = section("All counters", "Click a head to sort.");
		counters.append(table([{ name: "counter" }, { name: "value", number: true }, { name: "unit" }, { name: "meaning", long: true }], run.counters,
			{ search: "find a counter", name: "all counters" }));
		const how = section("How to reproduce it");
		if (run.command)
			how.append(make("p", {}, "This run was made by"), make("pre", { class: "line" }, run.command));
		how.append(make("p", {}, "With the configuration below in a file, the same recordings give the same counters, to the byte:"),
			make("pre", { class: "line" }, "mmsim replay -m ./config.cfg RECORDING... -o again"));
		if (run.notes && run.notes.length)
			how.append(make("p", {}, "What was assumed and what was met that has no model:"), make("ul", {}, ...run.notes.map(n => make("li", {}, n))));
		if (run.config)
			how.append(details("The effective configuration", make("pre", {}, run.config), true));
		if (run.summary)
			how.append(details("The table of the terminal", make("pre", {}, run.summary), true));
	}

	/* ---- a sweep ---- */

	function drawSweep(sweep) {
		const axes = sweep.axes, shown = axes.map((a, i) => i).filter(i => !axes[i].seed);
		const varied = shown.filter(i => axes[i].values.length > 1);
		const free = varied.filter(i => !axes[i].zipped);
		const name = i => [i, ...shown.filter(k => k > i && axes[k].zipped && shown.slice(shown.indexOf(i) + 1, shown.indexOf(k)).every(m => axes[m].zipped))]
			.map(k => axes[k].key + (axes[k].unit ? " (" + axes[k].unit + ")" : "")).join(", ");
		const valueName = (i, v) => [i, ...shown.filter(k => k > i && axes[k].zipped && shown.slice(shown.indexOf(i) + 1, shown.indexOf(k)).every(m => axes[m].zipped))]
			.map(k => axes[k].values[v]).join(", ").replace(/\.mmtrace(\.gz|\.xz)?/g, "");

		if (free.length) {
			if (sweep.effects.length) {
				const e = section("What matters", "How far the mean cycles of a key's values lie apart, the others averaged.");
				live(e, () => bars(sweep.effects.map(([key, p]) => [key, p, p.toFixed(p < 1 ? 2 : 1) + " %", key + "\nmoves mean cycles by " + p.toFixed(2) + " %"]), "Effect of each key"));
			}
			drawExplorer(sweep, free, name, valueName);
		}
		const points = section("All points", "Means over the seeds. Click a head to sort.");
		const keep = sweep.figures.map((f, i) => i).filter(i => sweep.points.some(p => p.mean[i] !== null));
		points.append(table([...varied.map(i => ({ name: axes[i].key })), { name: "seeds", number: true }, ...keep.map(i => ({ name: sweep.figures[i].name, number: true }))],
			sweep.points.map(p => [...varied.map(i => ({ value: sizeOf(axes[i].values[p.at[i]]), show: axes[i].values[p.at[i]] })), p.seeds, ...keep.map(i => p.mean[i])]),
			{ name: "all points", search: "find a point" }));
		if (sweep.failures.length) {
			const f = section("Points that failed");
			f.append(table([{ name: "point" }, { name: "why", long: true }], sweep.failures, { name: "failures" }));
		}
		const how = section("How to reproduce it");
		how.append(make("p", {}, "The same sweep, by the command line:"), make("pre", { class: "line" }, sweep.command));
	}
	/* Sizes sort as numbers. */
	function sizeOf(v) {
		const m = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(v);
		return m ? Number(m[1]) * Math.pow(1024, " KMGT".indexOf(m[2] || " ")) : v;
	}
	function drawExplorer(sweep, free, name, valueName) {
		const axes = sweep.axes, s = section("One figure against the keys", free.length > 1 ? "Choose a figure and the keys; the other keys keep one value each." : "");
		const option = (label, v) => make("option", { value: v }, label);
		const figure = make("select", {}, ...sweep.figures.map((f, i) => [f, i]).filter(([f, i]) => sweep.points.some(p => p.mean[i] !== null))
			.map(([f, i]) => option(f.name, i)));
		const byX = make("select", {}, ...free.map(i => option(axes[i].key, i)));
		const byY = make("select", {}, ...free.map(i => option(axes[i].key, i)));
		const as = make("select", {}, option("lines", "lines"), option("tiles", "tiles"));
		const fixed = new Map(free.map(i => [i, make("select", {}, ...axes[i].values.map((v, k) => option(valueName(i, k), k)))]));
		const labels = new Map();
		const choose = make("div", { class: "choose" }, make("label", {}, "figure", figure), make("label", {}, "across", byX));
		if (free.length > 1) {
			byY.value = free[1];
			choose.append(make("label", {}, "by", byY), make("label", {}, "as", as));
		}
		for (const i of free) {
			labels.set(i, make("label", {}, axes[i].key, fixed.get(i)));
			choose.append(labels.get(i));
		}
		s.append(choose);
		const again = live(s, () => {
			const f = Number(figure.value), x = Number(byX.value), y = free.length > 1 ? Number(byY.value) : -1, q = sweep.figures[f];
			free.forEach(i => labels.get(i).hidden = i === x || i === y);
			const points = sweep.points.filter(p => p.mean[f] !== null && free.every(i => i === x || i === y || p.at[i] === Number(fixed.get(i).value)));
			const unit = q.name + (q.unit && q.unit !== q.name ? " (" + q.unit + ")" : "");
			if (!points.length)
				return make("p", {}, "No point with these values is done.");
			return y >= 0 && y !== x && as.value === "tiles" ? drawTiles(sweep, points, f, x, y, unit, name, valueName) :
				drawLines(sweep, points, f, x, y === x ? -1 : y, unit, name, valueName);
		});
		for (const e of [figure, byX, byY, as, ...fixed.values()])
			e.addEventListener("change", again);
	}
	function drawTiles(sweep, points, f, x, y, unit, name, valueName) {
		const values = points.map(p => p.mean[f]), low = Math.min(...values), high = Math.max(...values);
		const at = (i, k) => points.find(p => p.at[x] === k && p.at[y] === i);
		const rows = sweep.axes[y].values.map((v, i) => valueName(y, i)), columns = sweep.axes[x].values.map((v, i) => valueName(x, i));
		return heat({ label: unit, rows, columns, x: name(x), y: unit + ", by " + name(y), cell: (i, k) => {
			const p = at(i, k);
			return p ? { share: high > low ? (p.mean[f] - low) / (high - low) : 0.5, shown: brief(p.mean[f]),
				hover: name(x) + " " + columns[k] + "\n" + name(y) + " " + rows[i] + "\n" + unit + ": " + number(p.mean[f]) + range(p, f) } : null;
		} });
	}
	const range = (p, f) => p.low[f] !== null && p.high[f] !== null ? "\n95 %: " + number(p.low[f]) + " to " + number(p.high[f]) : "";
	function drawLines(sweep, points, f, x, y, unit, name, valueName) {
		const numeric = sweep.axes[x].number && sweep.axes[x].values.every(v => typeof sizeOf(v) === "number");
		const place = v => numeric ? sizeOf(sweep.axes[x].values[v]) : v;
		const groups = new Map();
		for (const p of points) {
			const key = y >= 0 ? p.at[y] : 0;
			if (!groups.has(key))
				groups.set(key, []);
			groups.get(key).push([place(p.at[x]), p.mean[f], p.low[f], p.high[f]]);
		}
		const series = [...groups.entries()].sort((a, b) => a[0] - b[0]).map(([key, pts], i) => ({ name: y >= 0 ? sweep.axes[y].key + " " + valueName(y, key) : unit,
			colour: "--c" + i % 8, points: pts.sort((a, b) => a[0] - b[0]) }));
		const at = sweep.axes[x].values.map((v, i) => place(i)), low = Math.min(...at), high = Math.max(...at);
		const label = v => {
			const i = at.indexOf(v);
			return i >= 0 ? valueName(x, i) : "";
		};
		return chart({ label: unit, series, x: name(x), y: unit, dots: true, logX: numeric && low > 0 && high / low > 3.9, pad: 0.04,
			ticksX: at.filter((v, i) => at.length <= (narrow() ? 5 : 12) || i % Math.ceil(at.length / (narrow() ? 5 : 12)) === 0), labelX: label, hoverX: v => sweep.axes[x].key + " " + label(v) });
	}

	if (data.kind === "sweep")
		drawSweep(data);
	else
		drawRun(data);
})();
