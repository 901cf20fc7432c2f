variable "hosted_zone_id" {
  description = "Hosted zone of acme-workloads.com"
  type        = string
}

variable "certificate_arn" {
  description = "ACM certificate of board.acme-workloads.com, in us-east-1"
  type        = string
}
