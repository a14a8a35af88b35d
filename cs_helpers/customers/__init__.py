"""Who the customers are and what is measured of them: what every analysis asks."""
