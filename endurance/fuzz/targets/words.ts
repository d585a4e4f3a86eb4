/** Parses short texts: images, names, messages, PEM, `?timeout=`. */
import { expect } from 'chai';
import { warningText } from '../../../src/admission/response.ts';
import { isOlder, tagOf, versionOf } from '../../../src/api/images.ts';
import { certificatesIn } from '../../../src/api/pem.ts';
import { printable } from '../../../src/api/printable.ts';
import { deadlineMs } from '../../../src/http/deadline.ts';
import { ownersOf } from '../../../src/objects/metadata.ts';
import { expectPrintable, type Target } from '../target.ts';

export const words: Target = {
	name: 'words',
	seeds: () => [
		...['proxy:v0.16.0-rc.1', 'r.example.com:5000/a/b:1.2.3@sha256:abc', 'latest', 'a\u202eb\u0007\n😀', '1m30.5s'],
		...['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'.repeat(2), 'a.b-c', '/mutate?timeout=5s'],
	],
	words: ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', ':v1.2.3', '@', '?timeout=', 'µs'],
	check: (text) => {
		expectPrintable(printable(text));
		expect(printable(printable(text))).to.equal(printable(text));
		const warning = warningText({ id: 'image-too-old', field: 'spec.image', message: text });
		expectPrintable(warning);
		expect(warning.length).to.be.at.most(120);
		expect(warning).to.match(/ \(image-too-old\)$/);

		const version = versionOf(text);
		if (version !== undefined) {
			expect(tagOf(text)).to.be.a('string');
			expect(isOlder(version, version)).to.equal(false);
			expect(versionOf(`i:${version}`)).to.equal(version);
		}
		const pems = certificatesIn(text);
		expect(certificatesIn(pems.join('\n'))).to.deep.equal([...pems]);
		for (const pem of pems) expect(text).to.include(pem);

		for (const url of [text, `/mutate?timeout=${text}`])
			expect(deadlineMs(url)).to.be.above(0).and.at.most(Number.MAX_VALUE);
		const reference = { apiVersion: 'toolhive.stacklok.dev/v1', kind: 'MCPServer', name: text };
		const [owner] = ownersOf({ metadata: { name: text, ownerReferences: [reference] } }, 'demo');
		if (owner !== undefined) expect(new URL(`/a/${owner.name}`, 'https://x').pathname).to.equal(`/a/${text}`);
	},
};
