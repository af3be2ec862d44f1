"""What an essay is: preferences, the job, the fair queue, the dispatcher and the finishing."""
