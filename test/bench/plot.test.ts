import { expect } from 'chai';
import { describe, it } from 'mocha';
import { barPlot, linePlot, svgOf } from '../../bench/plot.ts';

const connections = { title: 'connections', isLog: true, ticks: [1, 8, 64] };
const lines = (value: number) =>
	linePlot({ title: 'Latency', x: connections, y: { title: 'ms', isLog: true } }, [
		{ series: 'floor', at: 1, value, low: value / 2, high: value * 2 },
		{ series: 'floor', at: 64, value: value * 3 },
		{ series: 'product', at: 1, value: value * 2 },
		{ series: 'product', at: 64, value: value * 4 },
	]);
const bars = barPlot(
	{
		...{ title: 'Against the floor', subtitle: '8 connections', goal: { value: 0.75, label: 'goal 0.75' } },
		...{ x: { title: 'size' }, y: { title: 'share' } },
	},
	['1.5 KB', '13 KB'].flatMap((group) => [
		{ series: 'floor', group, value: 1 },
		{ series: 'product', group, value: 0.8, low: 0.7, high: 0.9 },
	]),
);

const bars10 = [1, 9.6];
const textsOf = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text = '']) => text);

/** The names of the elements that are open at the end, and a throw where one is closed that is not the last opened. */
function openAtEnd(svg: string): string[] {
	const open: string[] = [];
	for (const [, isEnd, name = '', isEmpty] of svg.matchAll(/<(\/)?([a-zA-Z]+)(?:\s[\w:-]+="[^"<]*")*(\/)?>/g)) {
		if (isEnd) expect(open.pop()).to.equal(name);
		else if (!isEmpty) open.push(name);
	}
	// What the expression above does not take for an element stands between elements, where no such sign may be.
	expect(svg.replaceAll(/<\/?[a-zA-Z]+(?:\s[\w:-]+="[^"<]*")*\/?>/g, '')).to.not.match(/[<>]/);
	return open;
}

describe('plots', () => {
	for (const [name, plot, texts] of [
		['lines', lines(10), ['Latency', 'connections', 'ms', '1', '8', '64', 'floor', 'product']],
		['bars', bars, ['Against the floor', '8 connections', 'goal 0.75', '1.5 KB', '13 KB', 'floor', 'product']],
	] as const) {
		it(`${name} are whole SVG that says what it shows`, async () => {
			const svg = await svgOf(plot);
			expect(svg).to.match(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
			expect(openAtEnd(svg)).to.deep.equal([]);
			expect(svg).to.not.match(/NaN|Infinity|undefined/);
			expect(textsOf(svg)).to.include.members([...texts]);
		});
	}
	it('the same figures make the same bytes, others do not', async () => {
		const first = [await svgOf(lines(10)), await svgOf(bars)];
		expect([await svgOf(lines(10)), await svgOf(bars)]).to.deep.equal(first);
		const [ofLines] = first;
		expect(await svgOf(lines(11))).to.not.equal(ofLines);
	});
	it('numbers are written out', async () => {
		const texts = textsOf(
			await svgOf(
				linePlot({ title: 'Rate', x: connections, y: { title: 'a second' } }, [
					{ series: 'floor', at: 1, value: 0.3 },
					{ series: 'floor', at: 64, value: 12_000 },
				]),
			),
		);
		expect(texts).to.include.members(['0', '4,000', '12,000']);
		expect(textsOf(await svgOf(lines(0.003)))).to.include.members(['0.002', '0.01']);
		const tens = bars10.map((value, index) => ({ series: 'floor', group: `${index}`, value }));
		expect(textsOf(await svgOf(barPlot({ title: 'a', x: { title: 'b' }, y: { title: 'c' } }, tens)))).to.include('10');
	});
	it('a goal is written once', async () => {
		expect(textsOf(await svgOf(bars)).filter((text) => text === 'goal 0.75')).to.have.length(1);
	});
	for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 0]) {
		it(`${value} is refused, where it would be left out`, () => {
			expect(() => lines(value)).to.throw(`plot: floor of "Latency" is ${value}`);
		});
	}
});
