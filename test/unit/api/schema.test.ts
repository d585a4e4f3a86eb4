import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

// crd-text.test.ts compares the schema with the files in manifests/crds.
it('CRD: SecretKeyRefSchema and SessionStorageConfig › declared once (SPEC.md 2)', () => {
	const folder = join(import.meta.dirname, '../../../src');
	const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
	const code = sources.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
	for (const declaration of [
		/const SecretKeyRefSchema\b/g,
		/const SessionStorageConfig\b/g,
		/address is required when provider is redis/g,
	])
		expect(code.match(declaration), String(declaration)).to.have.length(1);
});
