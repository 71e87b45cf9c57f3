"""What the station does: intake, shipping, dispatch, rounds, respond, rehearse. Talks to ports and the domain only."""
