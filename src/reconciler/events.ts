/** What the reconciler tells a server's owner through Events: reason and kind of each, beside one another. */

export interface EventReason {
	readonly type: 'Normal' | 'Warning';
	readonly reason: string;
	/** What we did, as events.k8s.io wants to know. */
	readonly action: string;
}

export const EVENT_REASONS = {
	capped: { type: 'Warning', reason: 'StdioReplicaCapped', action: 'Cap' },
	storageMissing: { type: 'Warning', reason: 'SessionStorageMissing', action: 'Check' },
	replicasApplied: { type: 'Normal', reason: 'ReplicasApplied', action: 'Scale' },
	backfilled: { type: 'Normal', reason: 'ScalingBackfilled', action: 'Update' },
	imageTooOld: { type: 'Warning', reason: 'ImageTooOld', action: 'Check' },
	notOwned: { type: 'Warning', reason: 'NotOwnedByServer', action: 'Check' },
	reverted: { type: 'Warning', reason: 'ScalingReverted', action: 'Update' },
} as const satisfies Record<string, EventReason>;
