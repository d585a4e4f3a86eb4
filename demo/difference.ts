/** What is stored beyond what was sent, as short coloured lines. */
import { changesOf } from '../src/offline/difference.ts';
import type { Paint } from '../src/offline/render-text.ts';

/** What the API server fills in by itself is no news; these paths are where scaling is. */
const OURS =
	/(^spec\.(replicas|backendReplicas|sessionStorage)|terminationGracePeriodSeconds|lifecycle|\.env\[|annotations|^data\.|autoscaling)/;
const NOISE = /^(metadata\.(uid|resourceVersion|generation|creationTimestamp|managedFields|selfLink)|status)/;

/** One line per value that differs: `- path: was` and `+ path: is`. */
export const differenceOf = (sent: unknown, stored: unknown, paint: Paint): string[] =>
	changesOf(sent, stored).flatMap(({ path, was, is }) => {
		if (is === undefined || NOISE.test(path) || (was === undefined && !OURS.test(path))) return [];
		return [
			...(was === undefined ? [] : [paint('red', `    - ${path}: ${was}`)]),
			paint('green', `    + ${path}: ${is}`),
		];
	});
