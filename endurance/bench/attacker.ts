/** `node attacker.ts NAME PORT`: runs one attack until the parent process disconnects. */
import { ATTACKS, type AttackName } from './attacks.ts';

const [name, port] = process.argv.slice(2);
const stop = await ATTACKS[name as AttackName](Number(port));
process.on('disconnect', () => {
	stop();
	process.exit();
});
process.send?.('started');
