/** Shows the differences between a sent object and a stored object, as short coloured lines. */
import { changesOf } from '../src/offline/difference.ts';
import type { Paint } from '../src/offline/render-text.ts';

/** The paths that the product may add. The API server adds its defaults at other paths. */
const SCALING =
	/(^spec\.(replicas|backendReplicas|sessionStorage)|terminationGracePeriodSeconds|lifecycle|\.env\[|annotations|^data\.|autoscaling)/;
const NOISE = /^(metadata\.(uid|resourceVersion|generation|creationTimestamp|managedFields|selfLink)|status)/;

/** Returns lines `- path: was` and `+ path: is` for each value that differs. */
export const differenceOf = (sent: unknown, stored: unknown, paint: Paint): string[] =>
	changesOf(sent, stored).flatMap(({ path, was, is }) => {
		if (is === undefined || NOISE.test(path) || (was === undefined && !SCALING.test(path))) return [];
		return [
			...(was === undefined ? [] : [paint('red', `    - ${path}: ${was}`)]),
			paint('green', `    + ${path}: ${is}`),
		];
	});
