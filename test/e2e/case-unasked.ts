/**
 * Documents that no webhook of ours is asked about, as `case document`, and why. The other doors ask the handlers about them
 * all the same. Whatever is not listed must be asked about: a case that stays as it was sent only because its labels are not
 * those of an operator would show nothing.
 */
export const UNASKED: ReadonlyMap<string, string> = new Map([
	['pod-mode 4', 'a backend Pod: its label app is not that of a proxy'],
	['pod-not-in-pod-mode 2', 'Pods are registered in pod mode alone'],
	['run-config-not-ours 3', 'no server owns it'],
	['scale-anything-else 2', 'a Deployment without the labels of a proxy'],
	['scale-anything-else 3', 'its selector is not that of a proxy'],
	['scale-anything-else 6', 'the selector of a vMCP, which is never stdio'],
	['server-autoscaled-and-pinned 2', 'an HPA'],
	['server-autoscaled-without-redis 2', 'an HPA'],
	['server-autoscaled-without-redis 4', 'an HPA'],
	['server-autoscaler-target-invalid 2', 'an HPA'],
	['server-backend-autoscaled-and-pinned 2', 'an HPA'],
	['server-being-deleted 1', 'being deleted'],
	['server-ratcheting 4', 'being deleted'],
	['server-stdio-autoscaled 2', 'an HPA'],
	['server-warnings 2', 'an HPA'],
]);
