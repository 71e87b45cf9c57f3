#!/bin/sh
# Writes the password file from the environment, then becomes the broker.
set -eu
umask 077
passwords=/tmp/passwords
rm -f "$passwords"
touch "$passwords"
mosquitto_passwd -b "$passwords" shouwang "$MQTT_PASSWORD"
mosquitto_passwd -b "$passwords" gateways "$MQTT_GATEWAY_PASSWORD"
if [ "$(id -u)" = 0 ]; then chown mosquitto "$passwords"; fi
exec mosquitto -c /mosquitto/config/mosquitto.conf
