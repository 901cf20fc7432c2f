variable "certificate_arn" {
  description = "ACM certificate of portal.acme-workloads.com"
  type        = string
}

variable "hosted_zone_id" {
  description = "Hosted zone of acme-workloads.com"
  type        = string
}

variable "image_parameter" {
  description = "Parameter that holds the image of the application"
  type        = string
  default     = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}
