"""Shouwang (守望): readings in over MQTT, alarms out to people, a closed case at the end."""
