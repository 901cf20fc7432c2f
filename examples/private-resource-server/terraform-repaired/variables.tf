variable "image_parameter" {
  description = "Parameter that holds the image of both services"
  type        = string
  default     = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}
