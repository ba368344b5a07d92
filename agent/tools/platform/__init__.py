"""The test platform: takes HJ 212 frames over MQTT, checks them strictly, answers, keeps count."""
