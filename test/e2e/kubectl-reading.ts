/** Returns the objects that kubectl and the product read from texts, in the same form. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestsOf } from '../../src/manifests/manifest.ts';
import { isUnreviewed } from '../../src/manifests/problem.ts';
import { sourcesIn } from '../../src/manifests/read.ts';
import type { ControlPlane } from '../harness/control-plane/start.ts';
import { NAME } from './kubectl-texts.ts';

/** The objects in order, and whether the reader refused a part. */
export interface Reading {
	readonly objects: readonly unknown[];
	readonly isRefused: boolean;
}

type Encode = (text: string) => Uint8Array;
const encodeUtf8: Encode = (text) => Buffer.from(text);
const namedText = (text: string, index: number): string => text.replaceAll(NAME, `n${index}`);

/**
 * Reads all `texts` in one call, because kubectl continues with the next file after it refuses one. For this,
 * kubectl needs no server.
 */
export async function readByKubectl(
	plane: ControlPlane,
	texts: readonly string[],
	encode: Encode = encodeUtf8,
): Promise<Reading[]> {
	const folder = mkdtempSync(join(tmpdir(), 'kubectl-reads-'));
	try {
		for (const [index, text] of texts.entries()) {
			writeFileSync(join(folder, `${index}.yaml`), encode(namedText(text, index)));
		}
		const { stdout, stderr } = await plane.kubectl(['label', '--local', '-f', folder, '-o', 'json', `${MARK}=`]);
		const refused = new Set([...stderr.matchAll(/\/(\d+)\.yaml"?: /g)].map(([, index]) => Number(index)));
		const read = texts.map((): unknown[] => []);
		// Only objects begin and end in the first column.
		for (const text of stdout.match(/^\{\n.*?^\}/gms) ?? []) {
			const { metadata, ...object } = JSON.parse(text, exactly as Reviver) as Printed;
			// No text has labels, except for the one that this call adds.
			const { labels: _, ...others } = metadata;
			read[Number(metadata.name.slice(1))]?.push(comparable({ ...object, metadata: others }));
		}
		return texts.map((_, index) => ({ objects: read[index] ?? [], isRefused: refused.has(index) }));
	} finally {
		rmSync(folder, { recursive: true });
	}
}

export async function readByProduct(text: string, index: number, encode: Encode = encodeUtf8): Promise<Reading> {
	const bytes = async () => encode(namedText(text, index));
	const objects: unknown[] = [];
	let isRefused = false;
	for await (const source of sourcesIn({ name: 'f', bytes, isFound: false })) {
		for (const one of isUnreviewed(source) ? [source] : manifestsOf(source)) {
			if (isUnreviewed(one)) isRefused = true;
			else objects.push(comparable(one.exact));
		}
	}
	return { objects, isRefused };
}

const MARK = 'kubectl-reads';

interface Printed {
	readonly metadata: { readonly name: string; readonly labels: object };
}

type Reviver = (key: string, value: unknown) => unknown;
const exactly = (_key: string, value: unknown, { source = '' }: { source?: string }): unknown =>
	typeof value === 'number' && /^-?\d{16,}$/.test(source) ? BigInt(source) : value;

/** Converts numbers as kubectl does: exact 64-bit integers, and floats for all other numbers. */
export function comparable(value: unknown): unknown {
	if (typeof value === 'bigint' || Number.isInteger(value)) {
		const whole = BigInt(value as number);
		return BigInt.asIntN(64, whole) === whole ? whole : Number(whole);
	}
	if (Array.isArray(value)) return value.map(comparable);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, comparable(item)]));
}
