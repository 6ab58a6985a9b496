"""The torch half: functions, racers, recording a race, maps, sweeps, tuning."""
